-- A seeded config, at random.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")

function init()
  local list = {}
  for n = 0, C.services - 1 do
    list[#list + 1] = C.request("GET", "/configs?dataId=" .. string.format("bench.%06d", n) .. "&group=BENCH", nil, C.cs)
  end
  C.serve(list, true)
  C.check(function(body) return #body == 1024 and body == C.content(body:match("^name=(bench%.%d+)\n") or "") end)
end
