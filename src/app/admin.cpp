#include "admin.hpp"

namespace otpd::app {

void add_admin_routes(http::router& routes,
                      std::function<boost::asio::awaitable<std::string>()> scrape) {
    routes.add(http::method::get, metrics_path,
               [scrape = std::move(scrape)](
                   http::request const&) -> boost::asio::awaitable<http::response> {
                   http::response reply;
                   reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
                   reply.body = co_await scrape();
                   co_return reply;
               });
}

} // namespace otpd::app
