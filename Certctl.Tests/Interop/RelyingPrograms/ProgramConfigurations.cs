namespace Certctl.Tests.Interop.RelyingPrograms;

/// <summary>What an operator of these programs writes so that they go by CRL or OCSP.</summary>
internal static class ProgramConfigurations
{
    /// <summary>OCSP stapling. The responder is the one that the certificate names.</summary>
    public static string Nginx(string folder, int port, ProgramPair web, string caFile) =>
        $$"""
        daemon off;
        pid {{folder}}/nginx.pid;
        events { }
        http {
          access_log off;
          error_log {{folder}}/error.log info;
          client_body_temp_path {{folder}}/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
          server {
            listen 127.0.0.1:{{port}} ssl;
            ssl_certificate {{web.CertificateFile}};
            ssl_certificate_key {{web.KeyFile}};
            ssl_trusted_certificate {{caFile}};
            ssl_stapling on;
            ssl_stapling_verify on;
            location / { return 204; }
          }
        }

        """;

    /// <summary>A gateway that wants client certificates and answers with the client's name.</summary>
    public static string HaProxy(int port, ProgramPair gateway, string caFile, string crlFile) =>
        $"""
        defaults
          mode http
          timeout connect 30s
          timeout client 30s
          timeout server 30s
        frontend gateway
          bind 127.0.0.1:{port} ssl crt {gateway.BothFile} verify required ca-file {caFile} crl-file {crlFile}
          http-request return status 200 content-type text/plain lf-string %[ssl_c_s_dn(cn)]

        """;

    /// <summary>EAP-TLS: the identity <c>crl</c> is judged by the CRL, every other one by OCSP.</summary>
    /// <param name="trustWithCrl">CA certificate and CRL.</param>
    public static string Radius(string folder, int port, string secret, ProgramPair radius, string caFile, string trustWithCrl) =>
        $$"""
        prefix = /usr
        libdir = /usr/lib/freeradius
        logdir = {{folder}}
        raddbdir = {{folder}}
        run_dir = {{folder}}
        cleanup_delay = 0
        proxy_requests = no
        log {
          destination = stdout
        }
        security {
          reject_delay = 0
          status_server = no
        }
        client access-point {
          ipaddr = 127.0.0.1
          secret = "{{secret}}"
        }
        modules {
          eap ocsp {
            default_eap_type = tls
            tls-config common {
              certificate_file = {{radius.CertificateFile}}
              private_key_file = {{radius.KeyFile}}
              ca_file = {{caFile}}
              tls_min_version = "1.2"
              tls_max_version = "1.2"
              ocsp {
                enable = yes
                override_cert_url = no
                use_nonce = yes
                timeout = 60
                softfail = no
              }
            }
            tls {
              tls = common
            }
          }
          eap crl {
            default_eap_type = tls
            tls-config common {
              certificate_file = {{radius.CertificateFile}}
              private_key_file = {{radius.KeyFile}}
              ca_file = {{trustWithCrl}}
              check_crl = yes
              tls_min_version = "1.2"
              tls_max_version = "1.2"
            }
            tls {
              tls = common
            }
          }
        }
        server wifi {
          listen {
            type = auth
            ipaddr = 127.0.0.1
            port = {{port}}
          }
          authorize {
            if (&User-Name == "crl") {
              crl
            }
            else {
              ocsp
            }
          }
          authenticate {
            crl
            ocsp
          }
        }

        """;

    /// <summary>For eapol_test.</summary>
    public static string Supplicant(string identity, ProgramPair client, string caFile) =>
        $$"""
        network={
          key_mgmt=WPA-EAP
          eap=TLS
          identity="{{identity}}"
          ca_cert="{{caFile}}"
          client_cert="{{client.CertificateFile}}"
          private_key="{{client.KeyFile}}"
        }

        """;
}
