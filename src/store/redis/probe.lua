-- Does everything the other scripts do, to a key nobody else uses: a server that is read-only, full or
-- does not let this user do one of them fails here and not in the middle of a request.
--
-- KEYS  a key
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], '1', 'PX', 1000)
redis.call('GET', KEYS[1])
redis.call('PTTL', KEYS[1])
redis.call('MGET', KEYS[1])
redis.call('INCRBY', KEYS[1], 1)
redis.call('EXPIREAT', KEYS[1], time[1] + 1)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'a', '1')
redis.call('HGET', KEYS[1], 'a')
redis.call('HMGET', KEYS[1], 'a')
redis.call('PEXPIRE', KEYS[1], 1000)
redis.call('DEL', KEYS[1])
return {text(now)}
