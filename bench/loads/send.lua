-- Sends, each to another Dutch mobile number from 31610000000 + FIRST (10) x 10^6 on. FIRST is below
-- 50. Each thread of wrk has a million numbers of its own.
require "bench.loads.figures"

local threads = 0
function setup(thread)
    thread:set("nth", threads)
    threads = threads + 1
end

function init(args)
    number = 31610000000 + 1000000 * ((tonumber(args[1]) or 10) + nth)
    headers = {["Content-Type"] = "application/json", ["Authorization"] = wrk.headers["Authorization"]}
end

function request()
    number = number + 1
    return wrk.format("POST", "/send-otp", headers, string.format('{"phone_number":"%.0f"}', number))
end
