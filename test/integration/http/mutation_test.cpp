#include "http_fixture.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace otpd::test {

namespace {

/// Turns valid requests into almost valid ones, on which parsers disagree.
class mutator {
public:
    explicit mutator(std::uint32_t seed) : random_(seed) {}

    std::string next() {
        constexpr std::array<std::string_view, 6> seeds = {
            "GET /hello?a=b%20c HTTP/1.1\r\nHost: a\r\nX-Request-Id: q\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
            "HEAD /items/12 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x\r\n\r\n",
            "OPTIONS * HTTP/1.0\r\nHost: a\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
        };
        std::string bytes;
        for (auto n = 1 + below(3); n > 0; --n)
            bytes += seeds[below(seeds.size())];
        for (auto n = below(5); n > 0; --n)
            mutate(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }

    void mutate(std::string& bytes) {
        constexpr std::array<std::string_view, 14> tokens = {"\r",
                                                             "\n",
                                                             "\r\n",
                                                             " ",
                                                             "\t",
                                                             ":",
                                                             "%",
                                                             "Content-Length: 3\r\n",
                                                             "chunked",
                                                             "Transfer-Encoding: chunked\r\n",
                                                             "Host: b\r\n",
                                                             "\r\n\r\n",
                                                             "ffffffffffffffff",
                                                             "HTTP/1.1"};
        if (bytes.empty()) return;
        auto const at = below(bytes.size());
        switch (below(6)) {
        case 0:
            bytes[at] = static_cast<char>(below(256));
            break;
        case 1:
            bytes.insert(at, tokens[below(tokens.size())]);
            break;
        case 2:
            bytes.erase(at, 1 + below(8));
            break;
        case 3:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(40)));
            break;
        case 4:
            bytes.insert(at, std::string(below(10'000), static_cast<char>(below(256))));
            break;
        default:
            bytes.resize(at);
        }
    }

    std::mt19937 random_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_mutations)

/// ASVS 16.5.4: whatever is sent, the process survives, and every connection ends, with or without
/// replies.
BOOST_FIXTURE_TEST_CASE(no_request_ends_the_process, http_fixture) {
    constexpr int rounds = 10'000;
    constexpr int workers = 4;
    std::vector<std::thread> threads;
    std::atomic<int> ended = 0;
    std::atomic<int> malformed = 0;
    for (std::uint32_t worker = 0; worker < workers; ++worker)
        threads.emplace_back([&, worker] {
            mutator mutations(worker);
            for (int i = 0; i < rounds / workers; ++i) {
                auto client = connect();
                client.send(mutations.next());
                client.finish();
                auto const bytes = client.read_to_end();
                if (!bytes.empty() && !bytes.starts_with("HTTP/1.1 ")) ++malformed;
                ++ended;
            }
        });
    for (auto& t : threads)
        t.join();
    BOOST_TEST(ended == rounds);
    BOOST_TEST(malformed == 0);
    BOOST_TEST(seen.handler_failures == 0);
    BOOST_TEST(seen.rejected > 1000);
    BOOST_TEST(handled > 1000);
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
