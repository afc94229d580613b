-- The registration of an instance that was not there yet.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local rest = "&groupName=DEFAULT_GROUP&clusterName=DEFAULT&weight=1.0&" .. (C.api == "v1" and "enable" or "enabled") ..
  "=true&healthy=true&ephemeral=true&metadata=" .. C.quote('{"preserved.register.source":"SPRING_CLOUD"}')
local prefix = "/instance?namespaceId=public&serviceName=" .. (C.api == "v1" and "DEFAULT_GROUP%40%40" or "") ..
  "bench.new." .. C.tag .. "."
local done = C.api == "v1" and "ok" or '{"code":0,"message":"success","data":"ok"}'

function request()
  local n = C.count()
  local ip = "&ip=10." .. 100 + math.floor(n / 62500) % 100 .. "." .. math.floor(n / 250) % 250 .. "." .. n % 250
  return C.request("POST", prefix .. n % C.services .. ip .. "&port=9000" .. rest, "", C.ns)
end

function init() C.check(function(body) return body == done end) end
