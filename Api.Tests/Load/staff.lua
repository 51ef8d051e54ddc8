-- GET with the key in KEY, as a program of the staff sends it.
dofile(os.getenv("LOAD") .. "/report.lua")
wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")
