-- Before the scripts that look at the wrong guesses of a number (guess_budget in verification.hpp). What is
-- kept of them: open, held, open from, held from, until when all of it.

-- Arguments: quota, reserve, window, wait from, first and longest wait; then what this caller has seen on
-- another server, in case a replica took over that has not: open, held, ms that they are known for, ms
-- that those without and with an id have to wait. Times in ms.
local function read_guesses(key)
    local g = {key = key}
    g.quota, g.reserve, g.window = integer(), integer(), integer()
    g.wait_from, g.wait_base, g.wait_max = integer(), integer(), integer()
    g.open, g.held, g.open_from, g.held_from, g.expires = unpack(read_integers(key, 5))
    if g.expires <= now then
        g.open, g.held, g.open_from, g.held_from = 0, 0, 0, 0
    end
    return g
end

local function keep_guesses(g)
    keep_integers(g.key, {g.open, g.held, g.open_from, g.held_from, g.expires}, g.expires)
end

local function recall_guesses(g)
    local open, held, known_for, open_wait, held_wait =
        integer(), integer(), integer(), integer(), integer()
    if open <= g.open and held <= g.held then
        return
    end
    g.open, g.held = math.max(g.open, open), math.max(g.held, held)
    g.open_from = math.max(g.open_from, now + open_wait * 1000)
    g.held_from = math.max(g.held_from, now + held_wait * 1000)
    g.expires = math.max(g.expires, now + known_for * 1000)
    keep_guesses(g)
end

-- When the next guess may be made after `count` wrong ones.
local function wait_after(g, count)
    if g.wait_from == 0 or count < g.wait_from then
        return now
    end
    return now + doubled(g.wait_base, count - g.wait_from, g.wait_max) * 1000
end
