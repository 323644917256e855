-- A quarter are sends, to each of COUNT numbers in turn; three quarters are checks of a wrong code
-- for a random one of them.
require "bench.loads.figures"

local turn, number = 0, 0

function init(args)
    math.randomseed(1)
    count = tonumber(args[1])
    headers = {["Content-Type"] = "application/json"}
end

function request()
    turn = turn + 1
    if turn % 4 == 0 then
        number = number % count + 1
        return wrk.format("POST", "/send-otp", headers, string.format('{"phone_number":"%.0f"}', 31620000000 + number))
    end
    return wrk.format("POST", "/verify-otp", headers,
                      string.format('{"phone_number":"%.0f","code":"000000"}', 31620000000 + math.random(count)))
end
