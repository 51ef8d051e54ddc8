-- A valid message, each from another sender and with an Idempotency-Key of its own.
dofile(os.getenv("LOAD") .. "/report.lua")

local run, sent
local headers = { ["Content-Type"] = "application/json" }
local body = [[{"name":"Test Sender","email":"sender%s@example.com","telephone":"870-555-%04d","preferredContact":"email","location":"jonesboro",]] ..
  [["message":"I would like to make a first appointment. Mornings are best, and the telephone is hard for me to answer at work.",]] ..
  [["consent":true}]]

function init()
  -- Two runs must not send the same keys.
  local random = io.open("/dev/urandom", "rb")
  run = random:read(6):gsub(".", function(byte) return string.format("%02x", byte:byte()) end)
  random:close()
  sent = 0
end

function request()
  sent = sent + 1
  -- Keys and addresses of real senders are in no order.
  local name = string.format("%08x%s%d", sent * 2654435761 % 4294967296, run, sent)
  headers["Idempotency-Key"] = '"' .. name .. '"'
  return wrk.format("POST", nil, headers, body:format(name, sent % 10000))
end
