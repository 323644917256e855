-- What was taken from budgets.
--
-- KEYS  budget...
-- Gives 'spent' and the sum of each, 0 for those that are not kept
local answer = {'spent'}
for i, key in ipairs(KEYS) do
    answer[i + 1] = text(read_budget(key).taken)
end
return answer
