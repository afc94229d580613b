-- The registration of an instance that was not there yet.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local rest = "&groupName=DEFAULT_GROUP&clusterName=DEFAULT&weight=1.0&enable=true&healthy=true&ephemeral=true" ..
  "&metadata=" .. C.quote('{"preserved.register.source":"SPRING_CLOUD"}')
local prefix = "/instance?namespaceId=public&serviceName=DEFAULT_GROUP%40%40bench.new." .. C.tag .. "."

function request()
  local n = C.count()
  local ip = "&ip=10." .. 100 + math.floor(n / 62500) % 100 .. "." .. math.floor(n / 250) % 250 .. "." .. n % 250
  return C.request("POST", prefix .. n % C.services .. ip .. "&port=9000" .. rest, "")
end

function init() C.check(function(body) return body == "ok" end) end
