/* The page and the OpenAPI document, which lie in the program. The page may load its own two
 * scripts and its style, ask this gateway, and nothing else. */
#include <string.h>

#include "src/gateway/page/embedded.inc"
#include "src/gateway/serve/inside.h"

#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const struct {
    const char *path;
    const char *type;
    const unsigned char *bytes;
    size_t len;
} ASSETS[SKAD_ASSETS] = {
    {"/", "text/html; charset=utf-8", page_index_html, sizeof page_index_html},
    {"/page.js", "text/javascript; charset=utf-8", page_page_js, sizeof page_page_js},
    {"/draw.js", "text/javascript; charset=utf-8", page_draw_js, sizeof page_draw_js},
    {"/style.css", "text/css; charset=utf-8", page_style_css, sizeof page_style_css},
    {"/v1/openapi.json", "application/json", page_openapi_json, sizeof page_openapi_json},
};

void skad_assets_open(skad_gateway *gateway)
{
    for (size_t i = 0; i < SKAD_ASSETS; i++) {
        struct MHD_Response *response = MHD_create_response_from_buffer(
            ASSETS[i].len, skad_reply_borrow(ASSETS[i].bytes), MHD_RESPMEM_PERSISTENT);
        gateway->assets[i] = response;
        if (response == NULL) {
            continue;
        }
        skad_reply_dress(response, ASSETS[i].type);
        skad_reply_add(response, "Cache-Control", "no-cache");
        skad_reply_add(response, "Content-Security-Policy", POLICY);
        skad_reply_add(response, "Cross-Origin-Opener-Policy", "same-origin");
        skad_reply_add(response, "X-Frame-Options", "DENY");
    }
}

void skad_asset_begin(skad_exchange *exchange)
{
    for (size_t i = 0; i < SKAD_ASSETS; i++) {
        if (strcmp(ASSETS[i].path, exchange->route->path) == 0) {
            skad_reply_share(exchange, MHD_HTTP_OK, &exchange->gateway->assets[i]);
        }
    }
}
