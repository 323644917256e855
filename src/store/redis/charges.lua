-- Before the scripts that charge counters (charge.hpp; GCRA). What is kept of one is the time until which
-- it is busy.

-- What stands against a step, each as three words: its place in the request, the ms until it admits
-- again, and whether it has just begun to.
local function tell(violations, place, ms, tripped)
    violations[#violations + 1] = text(place)
    violations[#violations + 1] = text(ms)
    violations[#violations + 1] = tripped and '1' or '0'
end

-- Arguments: how many, then for each cost and window in microseconds, and 1 if it is observed.
-- Their keys begin with KEYS[first].
local function read_charges(first)
    local charges = {}
    for i = 1, integer() do
        local cost, window, observed = integer(), integer(), integer()
        local key = KEYS[first + i - 1]
        local busy_until = math.max(now, tonumber(string_at(key) or now))
        local admits_at = busy_until - (window - cost)
        charges[i] = {key = key, cost = cost, observed = observed == 1, busy_until = busy_until,
                      admits_at = admits_at, admits = admits_at <= now}
    end
    return charges
end

-- Takes those that admit, and gives for each how many microseconds it is busy then.
local function take_charges(charges)
    local busy_for = {}
    for i, each in ipairs(charges) do
        busy_for[i] = '0'
        if each.admits then
            local busy_until = each.busy_until + each.cost
            keep_integers(each.key, {busy_until}, busy_until)
            busy_for[i] = text(busy_until - now)
        end
    end
    return busy_for
end
