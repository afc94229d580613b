-- The instances of a service, at random.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local rest = "?healthyOnly=false&namespaceId=public&groupName=DEFAULT_GROUP&serviceName="
local first, last = unpack(C.of({
  v1 = { "?healthyOnly=false&namespaceId=public&clientIP=127.0.0.1&serviceName=DEFAULT_GROUP%40%40", "&udpPort=0&clusters=" },
  v2 = { rest, "" },
  v3 = { rest, "" },
}))

function init()
  local list = {}
  for s = 0, C.services - 1 do
    list[#list + 1] = C.request("GET", "/instance/list" .. first .. C.name(s) .. last, nil, C.ns)
  end
  C.serve(list, true)
  C.check(function(body) return select(2, body:gsub('"ip":', "")) == C.instances end)
end
