-- Shared by the operations; load.py says in BENCH_* what to do. Requests are those of the Java client 1.4; those of the
-- later APIs have its headers too.
local M = {}

M.services = tonumber(os.getenv("BENCH_SERVICES"))
M.instances = tonumber(os.getenv("BENCH_INSTANCES"))
M.threads = tonumber(os.getenv("BENCH_THREADS"))
M.tag = os.getenv("BENCH_TAG")
M.api = os.getenv("BENCH_API")
local checking = os.getenv("BENCH_CHECK") == "1"

local headers = " HTTP/1.1\r\nHost: 127.0.0.1:8848\r\n"
if os.getenv("BENCH_HEADERS") == "java" then
  headers = headers .. "User-Agent: Nacos-Java-Client:v1.4.8\r\nClient-Version: 1.4.8\r\nAccept-Charset: UTF-8\r\n" ..
    "Accept-Encoding: gzip,deflate,sdch\r\nRequest-Module: Naming\r\n" ..
    "RequestId: 0f0e6a0e-6d0a-4c36-9a3c-0c7b7d7f2b11\r\n" ..
    "Accept: text/html, image/gif, image/jpeg, */*; q=0.2\r\nConnection: keep-alive\r\n"
end
local form = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: "

local token = os.getenv("BENCH_TOKEN") or ""

function M.request(method, target, body, area)
  if token ~= "" then target = target .. (target:find("?", 1, true) and "&" or "?") .. "accessToken=" .. token end
  local head = method .. (area or " /nacos/v1/ns") .. target .. headers
  if body then return head .. form .. #body .. "\r\n\r\n" .. body end
  return head .. "\r\n"
end

-- What an operation has for the API that is asked.
function M.of(apis)
  return (assert(apis[M.api], "no such operation in " .. M.api))
end

M.ns = " /nacos" .. M.of({ v1 = "/v1/ns", v2 = "/v2/ns", v3 = "/v3/client/ns" })

-- 1 KB, as config_content in wire.py.
function M.content(name)
  local line = "spring.datasource.url=jdbc:mysql://db.internal:3306/orders?useSSL=false\n"
  return ("name=" .. name .. "\n" .. line:rep(20)):sub(1, 1024)
end

function M.name(service) return string.format("bench.%04d", service) end

function M.ip(service, instance)
  return string.format("10.%d.%d.%d", instance, math.floor(service / 256), service % 256)
end

function M.quote(text)
  return (text:gsub("[^%w._~-]", function(c) return string.format("%%%02X", c:byte()) end))
end

-- These are wrk's; each thread has its own.
number, sent, wrong, sample = 0, 0, 0, ""

-- Counts a thread's requests so that no two threads have the same number.
function M.count()
  sent = sent + 1
  return sent * M.threads + number
end

-- The script's request function: one of a list, in turn or at random.
function M.serve(list, random)
  math.randomseed(os.time() + number)
  local at = math.random(#list)
  request = function()
    sent = sent + 1
    at = random and math.random(#list) or at % #list + 1
    return list[at]
  end
end

-- What right answers have: only looked at in a pass of its own, since it costs wrk time.
function M.check(right)
  if not checking then return end
  response = function(status, _, body)
    if status ~= 200 or not right(body) then
      wrong = wrong + 1
      if sample == "" then sample = status .. " " .. body:sub(1, 150):gsub('[%c"\\]', " ") end
    end
  end
end

local threads = {}

function setup(thread)
  local nodes = {}
  for host, port in os.getenv("BENCH_NODES"):gmatch("(%S+):(%d+)") do nodes[#nodes + 1] = { host, port } end
  local node = nodes[#threads % #nodes + 1]
  thread.addr = wrk.lookup(node[1], node[2])[1]
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local all, failed, first = 0, 0, ""
  for _, thread in ipairs(threads) do
    all, failed = all + thread:get("sent"), failed + thread:get("wrong")
    if first == "" then first = thread:get("sample") end
  end
  local e = summary.errors
  print(string.format('{"requests":%d,"sent":%d,"wrong":%d,"sample":"%s","bytes":%d,"status":%d,"socket":%d,' ..
    '"p50":%.3f,"p99":%.3f,"seconds":%.3f}', summary.requests, all, failed, first, summary.bytes, e.status,
    e.connect + e.read + e.write + e.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.duration / 1e6))
end

return M
