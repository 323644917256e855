/// Addresses and ranges as text, and the walk along X-Forwarded-For. The first line is a trusted
/// range, the second the peer, each further one a value of the field.

#include "http/client_address.hpp"

#include "target.hpp"

#include <string>
#include <vector>

using otpd::fuzz::cutter;
using otpd::fuzz::must;
using namespace otpd::http;

OTPD_FUZZ_TARGET(client_address) {
    cutter input(bytes);
    std::vector<address_range> trusted;
    if (auto const range = address_range::parse(input.line())) {
        must(address_range::parse(range->to_string()) == range, "a range is read as it is written");
        trusted.push_back(*range);
    }
    auto const peer = parse_address(input.line());
    if (!peer) return;
    must(unmapped(*peer) == *peer, "an address is unmapped");
    must(parse_address(peer->to_string()) == peer, "an address is read as it is written");

    std::vector<field_view> fields;
    std::string written;
    while (!input.rest().empty()) {
        fields.push_back({"X-Forwarded-For", input.line()});
        written += std::string(fields.back().value) + ',';
    }
    auto const client = client_of(*peer, fields, trusted);
    must(unmapped(client) == client, "a client's address is unmapped");
    must(client == *peer || is_trusted(*peer, trusted), "a stranger speaks for itself alone");
    must(client_of(*peer, {}, trusted) == *peer, "who is forwarded for nobody is the client");
    if (written.empty()) return;
    // The split of the list into fields must not matter.
    field_view const one{"x-forwarded-for",
                         std::string_view(written).substr(0, written.size() - 1)};
    must(client_of(*peer, std::span(&one, 1), trusted) == client, "fields are one list");
}
