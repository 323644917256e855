#include "endpoint_url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <stdexcept>

namespace otpd::webhook {

endpoint_url parse_endpoint_url(std::string_view text, bool allow_private) {
    auto const parsed = boost::urls::parse_uri(text);
    if (!parsed || parsed->has_fragment())
        throw std::invalid_argument("a webhook's URL is not absolute or has a fragment");
    endpoint_url result;
    auto const target = parsed->encoded_target();
    if (!target.starts_with('/')) result.target += '/';
    result.target += target;

    boost::urls::url base(*parsed);
    base.set_encoded_path("");
    base.remove_query();
    auto const origin = net::parse_base_url(base.buffer());
    if (!origin || (!origin->tls && !allow_private))
        throw std::invalid_argument("a webhook's URL must be https (http for loopback only, where "
                                    "private addresses are allowed) and have no user");
    result.origin = *origin;
    return result;
}

} // namespace otpd::webhook
