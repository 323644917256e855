-- Gives back what one try of a send was expected to cost and takes what the next one is, or changes nothing.
--
-- KEYS  budgets that are given back to, budgets that are taken from
-- ARGV  the adjustments; the reservations
-- Gives 'rebooked' and the violations of what is observed, or 'refused' and the violations (places: the
--       reservations)
local given_back = read_adjustments(1)
adjust(given_back)
local reservations = read_reservations(1 + #given_back)

local violations, refused = {}, false
for i, each in ipairs(reservations) do
    local ms = reservation_refused(each)
    if ms then
        tell(violations, i, ms)
        refused = refused or not each.observed
    end
end
if refused then
    return {'refused', unpack(violations)}
end
keep_adjusted(given_back)
take_reservations(reservations)
return {'rebooked', unpack(violations)}
