-- The same with a UDP port, as every subscribed client repeats it: each request is a subscription too.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")

function init()
  local list = {}
  for s = 0, C.services - 1 do
    list[#list + 1] = C.request("GET", "/instance/list?healthyOnly=false&namespaceId=public&clientIP=127.0.0.1" ..
      "&serviceName=DEFAULT_GROUP%40%40" .. C.name(s) .. "&udpPort=" .. 50000 + s % 10000 .. "&clusters=")
  end
  C.serve(list, true)
  C.check(function(body) return select(2, body:gsub('"ip":', "")) == C.instances end)
end
