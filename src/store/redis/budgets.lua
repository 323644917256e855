-- Before the scripts that touch budgets (budget.hpp). Kept of one: what was taken from it, and until when it
-- is kept; that never moves.
local budgets = {}
local function read_budget(key)
    if not budgets[key] then
        local taken, expires = unpack(read_integers(key, 2))
        local kept = expires > now
        budgets[key] = {key = key, kept = kept, taken = kept and taken or 0, expires = expires}
    end
    return budgets[key]
end

local function keep_budget(b)
    if b.kept then
        keep_integers(b.key, {b.taken, b.expires}, b.expires)
    end
end

-- Arguments: how many, and what each changes by. Their keys begin with KEYS[first].
local function read_adjustments(first)
    local adjustments = {}
    for i = 1, integer() do
        adjustments[i] = {key = KEYS[first + i - 1], change = integer()}
    end
    return adjustments
end

-- In here only: keep_adjusted() writes it.
local function adjust(adjustments)
    for _, each in ipairs(adjustments) do
        local b = read_budget(each.key)
        b.taken = b.kept and math.max(0, b.taken + each.change) or 0
    end
end

local function keep_adjusted(adjustments)
    for _, each in ipairs(adjustments) do
        keep_budget(read_budget(each.key))
    end
end

-- Arguments: how many, then for each amount, cap, how long to keep it in ms, and 1 if it is observed.
-- Their keys begin with KEYS[first].
local function read_reservations(first)
    local reservations = {}
    for i = 1, integer() do
        reservations[i] = {budget = read_budget(KEYS[first + i - 1]), amount = integer(),
                           cap = integer(), keep = integer(), observed = integer() == 1}
    end
    return reservations
end

-- The ms until a reservation may be admitted again; nil when it is.
local function reservation_refused(each)
    local b = each.budget
    if b.taken + each.amount <= each.cap then
        return nil
    end
    return b.kept and until_ms(b.expires) or math.max(1, each.keep)
end

local function take_reservations(reservations)
    for _, each in ipairs(reservations) do
        local b = each.budget
        if not b.kept then
            b.kept, b.expires = true, now + each.keep * 1000
        end
        b.taken = b.taken + each.amount
        keep_budget(b)
    end
end
