#pragma once

/// Every path of the public API: what the router matches, and the labels that metrics know before the
/// first request.

#include <array>
#include <string_view>

namespace otpd::api::paths {

inline constexpr std::string_view send_otp = "/send-otp";
inline constexpr std::string_view verify_otp = "/verify-otp";
inline constexpr std::string_view verification = "/verifications/{id}";
inline constexpr std::string_view delivery = "/deliveries/{bx_message_id}";
inline constexpr std::string_view upstream_routes = "/routes";
inline constexpr std::string_view route_scores = "/routes/scores";
inline constexpr std::string_view route_pricing = "/routes/{id}/pricing";
inline constexpr std::string_view estimate = "/estimate";
inline constexpr std::string_view balance = "/balance";
inline constexpr std::string_view health = "/health";
inline constexpr std::string_view livez = "/livez";
inline constexpr std::string_view readyz = "/readyz";
inline constexpr std::string_view config = "/config";
inline constexpr std::string_view openapi = "/openapi.json";
inline constexpr std::string_view docs = "/docs";
inline constexpr std::string_view docs_file = "/docs/{file}";

inline constexpr std::array all{send_otp,        verify_otp,   verification,  delivery,
                                upstream_routes, route_scores, route_pricing, estimate,
                                balance,         health,       livez,         readyz,
                                config,          openapi,      docs,          docs_file};

} // namespace otpd::api::paths
