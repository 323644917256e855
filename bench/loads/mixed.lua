-- Whole cycles: a send to a new number from 31610000000 + FIRST x 10^6 on, then the check of its
-- code, which the reply contains (otp.debug). Replies arrive in any order; the request id in the
-- reply identifies the number.
require "bench.loads.figures"

local first, last = 1, 0 -- of what is to be checked
local numbers, codes = {}, {}

function init(args)
    number = 31610000000 + 1000000 * tonumber(args[1])
    check_headers = {["Content-Type"] = "application/json"}
end

function request()
    if first <= last then
        local body = string.format('{"phone_number":"%s","code":"%s"}', numbers[first], codes[first])
        numbers[first], codes[first] = nil, nil
        first = first + 1
        return wrk.format("POST", "/verify-otp", check_headers, body)
    end
    number = number + 1
    local name = string.format("%.0f", number)
    return wrk.format("POST", "/send-otp", {["Content-Type"] = "application/json", ["X-Request-Id"] = name},
                      '{"phone_number":"' .. name .. '"}')
end

function response(status, headers, body)
    local code = string.match(body, '"debug_code":"(%d+)"')
    if code then
        last = last + 1
        numbers[last], codes[last] = headers["X-Request-Id"], code
    end
end
