-- The heartbeat of one seeded instance after the other.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")

function init()
  local list = {}
  for i = 0, C.instances - 1 do
    for s = 0, C.services - 1 do
      local name, ip = C.name(s), C.ip(s, i)
      local beat = '{"cluster":"DEFAULT","ip":"' .. ip .. '","metadata":{"preserved.register.source":"SPRING_CLOUD"},' ..
        '"period":5000,"port":8080,"scheduled":false,"serviceName":"DEFAULT_GROUP@@' .. name ..
        '","stopped":false,"weight":1.0}'
      list[#list + 1] = C.request("PUT", "/instance/beat?namespaceId=public&serviceName=DEFAULT_GROUP%40%40" .. name ..
        "&clusterName=DEFAULT&ip=" .. ip .. "&port=8080", "beat=" .. C.quote(beat))
    end
  end
  C.serve(list, false)
  C.check(function(body) return body:find('"code":10200', 1, true) and body:find("clientBeatInterval", 1, true) end)
end
