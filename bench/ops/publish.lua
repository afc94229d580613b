-- The publishing of a config of 1 KB that was not there yet.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local prefix = "bench.new." .. C.tag .. "."
local rest = C.quote(C.content(prefix .. string.rep("0", 8)):sub(6 + #prefix + 8))

function request()
  local name = prefix .. string.format("%08d", C.count())
  return C.request("POST", "/configs", "dataId=" .. name .. "&group=BENCH&content=name%3D" .. name .. rest, C.cs)
end

function init() C.check(function(body) return body == "true" end) end
