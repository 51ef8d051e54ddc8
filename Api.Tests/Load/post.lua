-- A valid message, sent again and again.
dofile(os.getenv("LOAD") .. "/report.lua")

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{"name":"Test Sender","email":"sender@example.com","preferredContact":"email","location":"jonesboro",]] ..
  [["message":"I would like to make a first appointment. Mornings are best, and the telephone is hard for me to answer at work.",]] ..
  [["consent":true}]]
