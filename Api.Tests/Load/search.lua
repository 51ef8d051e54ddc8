-- Searches for the lines of the file QUERIES, one after the other.
dofile(os.getenv("LOAD") .. "/report.lua")

local requests = {}
local current = 0

function init()
  for query in io.lines(os.getenv("QUERIES")) do
    requests[#requests + 1] = wrk.format("GET", "/v1/articles?q=" .. query:gsub(" ", "%%20"))
  end
end

function request()
  current = current % #requests + 1
  return requests[current]
end
