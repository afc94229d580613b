-- A seeded config, at random.
local C = dofile(os.getenv("BENCH_OPS") .. "/common.lua")
local path, group = unpack(C.of({
  v1 = { " /nacos/v1/cs/configs", "group" },
  v2 = { " /nacos/v2/cs/config", "group" },
  v3 = { " /nacos/v3/client/cs/config", "groupName" },
}))

-- The content that an answer has: all of it, or the data, or the data's content; JSON has \n for a line end in it.
local function content_of(body)
  if C.api == "v1" then return body end
  return (body:match(C.api == "v2" and '"data":"(.*)"}$' or '"content":"(.-)","') or ""):gsub("\\n", "\n")
end

function init()
  local list = {}
  for n = 0, C.services - 1 do
    local name = string.format("bench.%06d", n)
    list[#list + 1] = C.request("GET", "?dataId=" .. name .. "&" .. group .. "=BENCH", nil, path)
  end
  C.serve(list, true)
  C.check(function(body)
    local content = content_of(body)
    return #content == 1024 and content == C.content(content:match("^name=(bench%.%d+)\n") or "")
  end)
end
