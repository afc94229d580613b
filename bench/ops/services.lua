-- A page of the service list, at random.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")

function init()
  local list = {}
  for page = 1, C.services / 20 do
    list[#list + 1] = C.request("GET", "/service/list?pageNo=" .. page .. "&pageSize=20&namespaceId=public" ..
      "&groupName=DEFAULT_GROUP")
  end
  C.serve(list, true)
  C.check(function(body)
    return select(2, body:gsub('"bench%.', "")) >= 1 and tonumber(body:match('"count":(%d+)')) >= C.services
  end)
end
