-- The publishing of a config of 1 KB that was not there yet.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local prefix = "bench.new." .. C.tag .. "."
local rest = C.quote(C.content(prefix .. string.rep("0", 8)):sub(6 + #prefix + 8))
local path, group = unpack(C.of({
  v1 = { " /nacos/v1/cs/configs", "group" },
  v2 = { " /nacos/v2/cs/config", "group" },
  v3 = { " /nacos/v3/admin/cs/config", "groupName" },
}))
local done = C.api == "v1" and "true" or '{"code":0,"message":"success","data":true}'

function request()
  local name = prefix .. string.format("%08d", C.count())
  return C.request("POST", "", "dataId=" .. name .. "&" .. group .. "=BENCH&content=name%3D" .. name .. rest, path)
end

function init() C.check(function(body) return body == done end) end
