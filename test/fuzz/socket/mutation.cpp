#include "mutation.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <random>
#include <string_view>
#include <utility>

namespace otpd::fuzz {

namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";

constexpr std::array<std::string_view, 9> bodies = {
    R"({"phone_number":"31612345678"})",
    R"({"phone_number":"+31612345679","purpose":"payment","route_id":3})",
    R"({"phone_number":"31612345678","code":"123456"})",
    R"({"phone_number":"31612345678","code":"000000","purpose":"login"})",
    R"({"phone_number":"4915123456789","locale":"de-DE","max_price":"0.09"})",
    R"({"phone_number":"31612345670","end_user_ip":"2001:db8::7","web_otp_host":"example.org"})",
    R"({"phone_number":"31612345678","app_hash":"FA+9qCX9VSu","x":[[[{"y":null}]]]})",
    R"({"phone_number":"\u0033\u0031612345678","purpose":"\ud83d\ude00"})",
    R"({"phone_number":31612345678,"route_id":1e400,"code":null})",
};

constexpr std::array<std::string_view, 16> targets = {
    "/send-otp",
    "/verify-otp",
    "/health",
    "/livez",
    "/readyz",
    "/config",
    "/verifications/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "/deliveries/BX-22953-c5f4f53431ed22c2",
    "/routes",
    "/routes/scores?window=3600&country=NL",
    "/routes/3/pricing",
    "/estimate",
    "/balance",
    "/a%20b/%7e?c=%2f",
    "http://a/livez",
    "*",
};

constexpr std::array<std::string_view, 12> methods = {"GET",    "GET",  "GET",   "POST",
                                                      "POST",   "POST", "HEAD",  "OPTIONS",
                                                      "DELETE", "PUT",  "TRACE", "get"};

constexpr std::array<std::string_view, 18> more_fields = {
    "Connection: close\r\n",
    "Connection: keep-alive, x\r\n",
    "Content-Type: application/json\r\n",
    "Content-Type: application/json; charset=utf-8\r\n",
    "Content-Type: text/plain\r\n",
    "Idempotency-Key: \"8e03978e-40d5\"\r\n",
    "Idempotency-Key: a\r\n",
    "X-Request-Id: q-1\r\n",
    "X-Request-Id: \xff\xfe<>\r\n",
    "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.1\r\n",
    "Expect: 100-continue\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Host: b\r\n",
    "Authorization: Bearer\r\n",
    "If-None-Match: \"x\"\r\n",
};

constexpr std::array<std::string_view, 24> tokens = {
    "\r",      "\n",       "\r\n",     "\r\n\r\n", " ",          "\t",
    ":",       ",",        ";",        "%",        "%00",        "\\",
    "chunked", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HEAD ",      "0\r\n\r\n",
    "\"",      "{",        "-1",       "\x7f\x80", "4294967296", "ffffffffffffffff"};

class maker {
public:
    maker(std::uint64_t seed, std::uint64_t number, std::string const& token) : token_(token) {
        std::seed_seq all{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                          static_cast<std::uint32_t>(number),
                          static_cast<std::uint32_t>(number >> 32)};
        random_.seed(all);
    }

    attack make() {
        attack out;
        std::string bytes;
        // The server reads nothing after a request with broken framing, so the others come before
        // it.
        for (auto before = below(4); before > 0; --before, ++out.requests)
            bytes += well_framed();
        for (auto broken = below(4) == 0 ? 2 : 1; broken > 0; --broken, ++out.requests)
            bytes += badly_framed();
        out.may_be_bodyless = bytes.find("HEAD") != std::string::npos;
        out.packets = slice(bytes);
        auto const how = below(10);
        if (how == 8) out.end = ending::close;
        if (how == 9) out.end = ending::reset;
        return out;
    }

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    template <std::size_t N>
    std::string_view one_of(std::array<std::string_view, N> const& all) {
        return all[below(N)];
    }

    std::string badly_framed() {
        auto bytes = well_framed();
        for (auto n = 1 + below(4); n > 0; --n)
            mutate(bytes);
        return bytes;
    }

    /// A request with correct framing, whatever its body contains.
    std::string well_framed() {
        auto body = below(3) == 0 ? std::string() : std::string(one_of(bodies));
        for (auto n = below(4); n > 0; --n)
            mutate(body);
        bool const sends = below(2) == 0;
        std::string text(sends ? std::string_view("POST") : one_of(methods));
        text += ' ';
        text += sends ? targets[below(2)] : one_of(targets);
        text += " HTTP/1.1\r\nHost: a\r\n";
        if (below(4) != 0) text += "Authorization: Bearer " + token_ + "\r\n";
        if (below(4) != 0) text += "Content-Type: application/json\r\n";
        if (below(4) == 0) text += one_of(more_fields);
        if (below(4) == 0) return text + "Transfer-Encoding: chunked\r\n\r\n" + chunks(body);
        if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return text + "\r\n" + body;
    }

    std::string chunks(std::string_view body) {
        std::string out;
        while (!body.empty()) {
            auto const size = std::min(body.size(), 1 + below(15));
            out += hexadecimal[size];
            if (below(4) == 0) out += ";a=\"b\"";
            out.append("\r\n").append(body.substr(0, size)).append("\r\n");
            body.remove_prefix(size);
        }
        return out + (below(4) == 0 ? "0\r\nAuthorization: Bearer z\r\n\r\n" : "0\r\n\r\n");
    }

    void mutate(std::string& bytes) {
        if (bytes.empty()) return;
        auto const at = below(bytes.size());
        switch (below(11)) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 1:
            bytes[at] = static_cast<char>(below(256));
            break;
        case 2:
            bytes.insert(at, one_of(tokens));
            break;
        case 3:
            bytes.erase(at, 1 + below(12));
            break;
        case 4:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(60)));
            break;
        case 5:
            bytes.resize(at);
            break;
        case 6:
            add_field(bytes, std::string(one_of(more_fields)));
            break;
        case 7:
            repeat_field(bytes);
            break;
        case 8:
            change_a_number(bytes);
            break;
        case 9:
            bytes.insert(at, std::string(below(below(8) == 0 ? 20'000 : 300), random_byte()));
            break;
        default:
            std::swap(bytes[at], bytes[below(bytes.size())]);
        }
    }
    char random_byte() { return static_cast<char>(below(256)); }

    void add_field(std::string& bytes, std::string const& field) {
        auto const end = bytes.find("\r\n");
        if (end != std::string::npos) bytes.insert(end + 2, field);
    }
    void repeat_field(std::string& bytes) {
        auto const first = bytes.find("\r\n");
        if (first == std::string::npos) return;
        auto const begin = bytes.find("\r\n", first + 2 + below(bytes.size()));
        auto const end = begin == std::string::npos ? begin : bytes.find("\r\n", begin + 2);
        if (end == std::string::npos) return;
        auto field = bytes.substr(begin + 2, end - begin);
        if (below(2) == 0)
            std::ranges::transform(field, field.begin(), [](unsigned char c) {
                return static_cast<char>(std::toupper(c));
            });
        add_field(bytes, field);
    }
    /// Changes the digits after a colon or at the start of a line: lengths, chunk sizes, versions.
    void change_a_number(std::string& bytes) {
        constexpr std::array<std::string_view, 12> numbers = {
            "0",   "00",      "1",    "+5",       "-1",
            "0x5", "5 5",     "4097", "99999999", "18446744073709551616",
            "5,5", "\xd9\xa5"};
        auto const from = bytes.find_first_of("0123456789", below(bytes.size()));
        if (from == std::string::npos) return;
        auto const end = std::min(bytes.find_first_not_of("0123456789", from), bytes.size());
        bytes.replace(from, end - from, one_of(numbers));
    }

    std::vector<std::string> slice(std::string_view bytes) {
        std::vector<std::string> packets;
        auto const most = below(3) == 0 ? 1 + below(40) : bytes.size() + 1;
        while (!bytes.empty()) {
            auto const size = std::min(bytes.size(), 1 + below(most));
            packets.emplace_back(bytes.substr(0, size));
            bytes.remove_prefix(size);
        }
        return packets;
    }

    std::string const& token_;
    std::mt19937_64 random_;
};

} // namespace

attack make_attack(std::uint64_t seed, std::uint64_t number, std::string const& token) {
    return maker(seed, number, token).make();
}

std::string show(attack const& what) {
    constexpr std::array<std::string_view, 3> ends = {"half-close", "close", "reset"};
    std::string text;
    for (auto const& packet : what.packets) {
        text += text.empty() ? "\"" : " \"";
        for (char const c : packet) {
            auto const byte = static_cast<unsigned char>(c);
            if (byte >= ' ' && byte < 0x7f && c != '"' && c != '\\')
                text += c;
            else
                text.append("\\x") += hexadecimal[byte >> 4U], text += hexadecimal[byte & 0xfU];
        }
        text += '"';
    }
    return text + ' ' + std::string(ends[static_cast<std::size_t>(what.end)]);
}

} // namespace otpd::fuzz
