/// The PROXY header before a connection's first request.

#include "http/proxy_header.hpp"

#include "target.hpp"

using otpd::fuzz::exact_copy;
using otpd::fuzz::must;
using namespace otpd::http;
using progress = proxy_header::progress;

OTPD_FUZZ_TARGET(proxy_header) {
    auto const whole = parse_proxy_header(bytes);
    if (whole.made == progress::complete) {
        must(whole.size >= 16 && whole.size <= 16 + proxy_payload_bytes_max, "a header is bounded");
        must(whole.size <= bytes.size(), "a header ends within what was received");
    } else {
        must(!whole.source, "no client is named by half a header");
        must(whole.made == progress::rejected || bytes.size() < 16 + proxy_payload_bytes_max,
             "nothing is waited for without a bound");
    }
    // Bytes arrive one by one: the first prefix with a result must give that of the whole input.
    for (std::size_t n = 0; n <= bytes.size(); ++n) {
        auto const made = parse_proxy_header(exact_copy(bytes.substr(0, n)).view());
        if (made.made == progress::need_more) continue;
        must(made.made == whole.made && made.size == whole.size && made.source == whole.source &&
                 made.fault == whole.fault,
             "packets do not change whom a header names");
        must(made.made == progress::rejected || n == made.size, "a header is complete at its end");
        return;
    }
    must(whole.made == progress::need_more, "the whole is one of the prefixes");
}
