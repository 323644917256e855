-- Checks of a wrong code, each for a random one of the first COUNT numbers that send.lua sends to.
require "bench.loads.figures"

function init(args)
    math.randomseed(1)
    count = tonumber(args[1])
    headers = {["Content-Type"] = "application/json", ["Authorization"] = wrk.headers["Authorization"]}
end

function request()
    return wrk.format("POST", "/verify-otp", headers,
                      string.format('{"phone_number":"%.0f","code":"000000"}', 31620000000 + math.random(count)))
end
