using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Est;

/// <summary>RFC 7030 by raw HTTPS, with requests that openssl made and answers that openssl reads.</summary>
public sealed class EstEnrolmentTests(EstServer server) : IClassFixture<EstServer>
{
    [Fact]
    [Trait("Conformance", "E-H1")]
    [Trait("Conformance", "E-H4")]
    [Trait("Conformance", "E-H5")]
    [Trait("Conformance", "E-H6")]
    [Trait("Conformance", "E-C1")]
    [Trait("Conformance", "E-C2")]
    [Trait("Conformance", "E-C5")]
    [Trait("Conformance", "E-C6")]
    [Trait("Conformance", "E-A1")]
    [Trait("Conformance", "E-A2")]
    [Trait("Conformance", "E-K1")]
    public async Task Cacerts_are_for_all_and_the_paths_and_methods_are_exact()
    {
        using var http = server.Client();
        using (var answer = await http.GetAsync("est/basic/cacerts"))
        {
            var all = server.Certificates(await EstRequest.IssuedAsync(answer));
            Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(server.Host.CaFile).RawData, Assert.Single(all).RawData);
            Assert.Equal("base64", Assert.Single(answer.Headers.GetValues("Content-Transfer-Encoding")));
            Assert.Equal("public, max-age=3600", answer.Headers.CacheControl?.ToString());
        }

        foreach (var path in new[]
        {
            "est/cacerts", "est/BASIC/cacerts", "est/unknown/cacerts", "est/cacerts/cacerts", "est/basic/fullcmc",
            "est/basic", "est/basic/serverkeygen",
            "est/basic/x/cacerts", "est/..%2fbasic/cacerts", "est-mtls/basic/cacerts",
        })
        {
            using var answer = await http.GetAsync(path);
            await EstRequest.RefusedAsync(answer, 404);
            Assert.True(answer.Headers.CacheControl?.NoStore);
        }

        using (var answer = await http.GetAsync("est/basic/simpleenroll"))
        {
            await EstRequest.RefusedAsync(answer, 405);
            Assert.Equal(["POST"], answer.Content.Headers.Allow);
        }

        using (var answer = await EstRequest.PostAsync(http, "est/basic/cacerts", [1]))
            Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow);
        using (var answer = await http.GetAsync("est/basic/csrattrs"))
            Assert.Equal("application/csrattrs", answer.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    [Trait("Conformance", "E-H10")]
    [Trait("Conformance", "E-H11")]
    [Trait("Conformance", "E-H12")]
    [Trait("Conformance", "E-E3")]
    [Trait("Conformance", "E-E4")]
    public async Task Without_a_password_it_is_401_with_a_realm_and_with_it_the_certificate_alone()
    {
        using var http = server.Client();
        var device = server.Device("CN=first");
        using (var answer = await EstRequest.PostAsync(http, "est/basic/simpleenroll", device.Body))
        {
            await EstRequest.RefusedAsync(answer, 401);
            Assert.StartsWith("Basic realm=\"", Assert.Single(answer.Headers.WwwAuthenticate).ToString(), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }

        using (var answer = await EstRequest.PostAsync(http, "est/basic/simpleenroll", device.Body, "another password"))
        {
            await EstRequest.RefusedAsync(answer, 401);
            Assert.Single(answer.Headers.WwwAuthenticate);
        }

        var (certificate, _) = await server.EnrolAsync(device);
        Assert.Equal("CN=first", certificate.Subject);
        var events = (await server.EventsAsync("basic")).Where(e => e.Action == "est_simple_enroll" && e.Actor == "est-client").ToList();
        Assert.Single(events, e => e.Outcome == AuditOutcome.Issued && e.Subject == "CN=first");
        Assert.Contains(events, e => e is { Outcome: AuditOutcome.Refused, Reason: "credentials_missing" });
        Assert.Contains(events, e => e is { Outcome: AuditOutcome.Refused, Reason: "password_wrong" });
        Assert.DoesNotContain(EstServer.Password, server.Host.Log, StringComparison.Ordinal);
        await using var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        Assert.Equal("EST", (await db.Certificates.AsNoTracking().SingleAsync(c => c.Subject == "CN=first")).Source);
    }

    [Fact]
    [Trait("Conformance", "E-B1")]
    [Trait("Conformance", "E-B2")]
    [Trait("Conformance", "E-B4")]
    [Trait("Conformance", "E-B6")]
    [Trait("Conformance", "E-H2")]
    public async Task Each_form_of_a_request_gets_the_same_certificate_and_other_bodies_a_text()
    {
        using var http = server.Client();
        var device = server.Device("CN=forms");
        var serials = new HashSet<string>();
        var line = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(device.Body).Replace("\n", "", StringComparison.Ordinal));
        foreach (var body in new[]
        {
            device.Body, line, Encoding.ASCII.GetBytes(device.Pem), Convert.FromBase64String(Encoding.ASCII.GetString(line)),
        })
        {
            foreach (var encoding in new[] { null, "base64", "binary", "8bit" })
            {
                using var answer = await EstRequest.PostAsync(
                    http, "est/basic/simpleenroll", body, EstServer.Password, encoding is null ? null : "application/pkcs10; x=y",
                    request =>
                    {
                        request.Headers.TransferEncodingChunked = encoding == "8bit";
                        request.Headers.ExpectContinue = encoding == "binary";
                        if (encoding is not null)
                            request.Content!.Headers.Add("Content-Transfer-Encoding", encoding);
                    });
                serials.Add(server.Certificate(await EstRequest.IssuedAsync(answer)).SerialNumber);
            }
        }

        Assert.Single(serials);
        foreach (var (body, type, status) in new[]
        {
            ("not base64!", EstRequest.Pkcs10, 400), ("", EstRequest.Pkcs10, 400), ("TUlJQg==", EstRequest.Pkcs10, 400),
            ("MIIB", "text/plain", 415), (new string('M', (1024 * 1024) + 1), EstRequest.Pkcs10, 413),
        })
        {
            using var answer = await EstRequest.PostAsync(
                http, "est/basic/simpleenroll", Encoding.ASCII.GetBytes(body), EstServer.Password, type);
            await EstRequest.RefusedAsync(answer, status);
        }
    }

    [Fact]
    [Trait("Conformance", "E-H8")]
    [Trait("Conformance", "E-H9")]
    [Trait("Conformance", "E-E11")]
    public async Task A_client_certificate_counts_at_its_own_label_and_for_its_own_names()
    {
        var device = server.Device("CN=made", "DNS:made.example");
        using var cert = server.Maker.Issue("CN=made", BootstrapCa.ClientAuth, -10, 100, null, request =>
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("made.example");
            request.CertificateExtensions.Add(names.Build());
        });
        using var http = server.Client(BootstrapCa.Shown(cert));
        foreach (var root in new[] { "est", "est-mtls" })
        {
            using var answer = await EstRequest.PostAsync(http, $"{root}/maker/simpleenroll", device.Body);
            Assert.Equal("CN=made", server.Certificate(await EstRequest.IssuedAsync(answer)).Subject);
            using var other = await EstRequest.PostAsync(http, $"{root}/rival/simpleenroll", device.Body);
            await EstRequest.RefusedAsync(other, 403);
            using var foreign = await EstRequest.PostAsync(http, $"{root}/maker/simpleenroll", server.Device("CN=not made").Body);
            Assert.Contains(
                "must be those of the client certificate", await EstRequest.RefusedAsync(foreign, 403), StringComparison.Ordinal);
            using var more = await EstRequest.PostAsync(
                http, $"{root}/maker/simpleenroll", server.Device("CN=made", "DNS:made.example,DNS:more.example").Body);
            await EstRequest.RefusedAsync(more, 403);
        }

        using (var answer = await http.GetAsync("est-mtls/maker/cacerts"))
            await EstRequest.IssuedAsync(answer);
        using var expired = server.Client(BootstrapCa.Shown(server.Maker.Issue("CN=made", BootstrapCa.ClientAuth, -9, -1)));
        using (var answer = await EstRequest.PostAsync(expired, "est/maker/simpleenroll", device.Body))
            await EstRequest.RefusedAsync(answer, 403);
        using var nothing = server.Client();
        foreach (var path in new[] { "est/maker/simpleenroll", "est-mtls/maker/simpleenroll" })
        {
            // A password does not count where the mode is not on.
            using var answer = await EstRequest.PostAsync(nothing, path, device.Body, EstServer.Password);
            await EstRequest.RefusedAsync(answer, 403);
        }

        using (var answer = await nothing.GetAsync("est-mtls/maker/cacerts"))
            await EstRequest.RefusedAsync(answer, 403);
    }

    [Fact]
    [Trait("Conformance", "E-E7")]
    [Trait("Conformance", "E-E8")]
    [Trait("Conformance", "E-E10")]
    public async Task Only_the_certificate_that_is_renewed_renews_and_only_its_own_names()
    {
        var device = server.Device("CN=renews", "DNS:renews.example");
        var (certificate, shown) = await server.EnrolAsync(device, "own");
        using var http = server.Client(shown);
        var rekeyed = server.Device("CN=renews", "DNS:renews.example");
        var renewed = new List<X509Certificate2>();
        foreach (var (root, request) in new[] { ("est", device), ("est-mtls", rekeyed) })
        {
            using var answer = await EstRequest.PostAsync(http, $"{root}/own/simplereenroll", request.Body);
            renewed.Add(server.Certificate(await EstRequest.IssuedAsync(answer)));
        }

        Assert.Equal(3, renewed.Append(certificate).Select(c => c.SerialNumber).Distinct().Count());
        Assert.Equal([true, false], renewed.Select(c => c.GetPublicKey().AsSpan().SequenceEqual(certificate.GetPublicKey())));
        foreach (var other in new[] { server.Device("CN=another", "DNS:renews.example"), server.Device("CN=renews") })
        {
            using var answer = await EstRequest.PostAsync(http, "est/own/simplereenroll", other.Body);
            Assert.Contains("exactly the subject", await EstRequest.RefusedAsync(answer, 400), StringComparison.Ordinal);
        }

        using (var answer = await EstRequest.PostAsync(http, "est/basic/simplereenroll", device.Body))
            Assert.Contains("another profile", await EstRequest.RefusedAsync(answer, 403), StringComparison.Ordinal);
        using var plain = server.Client();
        using (var answer = await EstRequest.PostAsync(plain, "est/own/simplereenroll", device.Body, EstServer.Password))
            await EstRequest.RefusedAsync(answer, 403);
        using var maker = server.Client(BootstrapCa.Shown(server.Maker.Issue("CN=renews")));
        using (var answer = await EstRequest.PostAsync(maker, "est/own/simplereenroll", device.Body))
            await EstRequest.RefusedAsync(answer, 403);

        await RevokeAsync(certificate);
        foreach (var (root, operation) in new[] { ("est", "simplereenroll"), ("est-mtls", "simplereenroll"), ("est", "simpleenroll") })
        {
            using var answer = await EstRequest.PostAsync(http, $"{root}/own/{operation}", device.Body);
            Assert.Contains("revoked", await EstRequest.RefusedAsync(answer, 403), StringComparison.Ordinal);
        }

        Assert.Single(
            await server.EventsAsync("own"),
            e => e.Action == "est_simple_reenroll" && e.SerialNumber == SerialOf(renewed[0]) && e.ClientCertificate is not null);
    }

    [Fact]
    [Trait("Conformance", "E-E5")]
    [Trait("Conformance", "E-E6")]
    public async Task Without_credentials_it_waits_for_an_operator_and_is_found_again_by_key_and_names()
    {
        using var http = server.Client();
        var device = server.Device("CN=waits");
        for (var i = 0; i < 2; i++)
        {
            using var answer = await EstRequest.PostAsync(
                http, "est/wait/simpleenroll", server.Device("CN=waits", keyFile: device.KeyFile).Body);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }

        await using (var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync())
            await server.Host.Database.DecideAsync(await db.Enrolments.AsNoTracking().SingleAsync(e => e.PathId == "wait"), approved: true);
        var serials = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await EstRequest.PostAsync(
                http, "est/wait/simpleenroll", server.Device("CN=waits", keyFile: device.KeyFile).Body);
            serials.Add(server.Certificate(await EstRequest.IssuedAsync(answer)).SerialNumber);
        }

        Assert.Single(serials);
    }

    [Fact]
    [Trait("Conformance", "E-L1")]
    [Trait("Conformance", "E-L5")]
    [Trait("Conformance", "E-L6")]
    [Trait("Conformance", "E-L7")]
    public async Task A_challengePassword_is_a_password_where_the_label_says_so_and_else_a_binding_that_is_refused()
    {
        using var http = server.Client();
        using (var answer = await EstRequest.PostAsync(
            http, "est/secret/simpleenroll", server.Device("CN=told", challenge: EstServer.Password).Body))
            await EstRequest.IssuedAsync(answer);
        foreach (var device in new[] { server.Device("CN=guess", challenge: "another secret"), server.Device("CN=none") })
        {
            using var answer = await EstRequest.PostAsync(http, "est/secret/simpleenroll", device.Body);
            await EstRequest.RefusedAsync(answer, 403);
        }

        foreach (var binding in new[] { EstServer.Password, "0123456789012345678901234567890123456789abc=", new string('A', 255) })
        {
            using var answer = await EstRequest.PostAsync(
                http, "est/basic/simpleenroll", server.Device("CN=bound", challenge: binding).Body, EstServer.Password);
            Assert.Contains("challengePassword", await EstRequest.RefusedAsync(answer, 400), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(await server.EventsAsync("basic"), e => e is { Subject: "CN=bound", Outcome: AuditOutcome.Issued });
    }

    [Fact]
    public async Task Wrong_passwords_are_slowed_down_and_right_ones_never()
    {
        using var http = server.Client();
        var device = server.Device("CN=slowed");
        for (var i = 0; i < 5; i++)
        {
            using var answer = await EstRequest.PostAsync(http, "est/strict/simpleenroll", device.Body, EstServer.Password);
            await EstRequest.IssuedAsync(answer);
        }

        for (var i = 0; i < 3; i++)
        {
            using var answer = await EstRequest.PostAsync(http, "est/strict/simpleenroll", device.Body, "another password");
            await EstRequest.RefusedAsync(answer, 401);
        }

        using var blocked = await EstRequest.PostAsync(http, "est/strict/simpleenroll", device.Body, EstServer.Password);
        await EstRequest.RefusedAsync(blocked, 429);
        Assert.InRange(blocked.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));

        // Others may be behind the same address: a certificate needs no password.
        using var made = server.Client(BootstrapCa.Shown(server.Maker.Issue("CN=slowed")));
        using var byCertificate = await EstRequest.PostAsync(made, "est/strict/simpleenroll", device.Body, "another password");
        await EstRequest.IssuedAsync(byCertificate);
    }

    [Fact]
    public async Task A_wrong_challengePassword_counts_like_a_wrong_password_of_Basic()
    {
        using var http = server.Client();
        for (var i = 0; i < 2; i++)
        {
            using var wrong = await EstRequest.PostAsync(
                http, "est/guess/simpleenroll", server.Device("CN=guess", challenge: $"guess number {i}").Body);
            await EstRequest.RefusedAsync(wrong, 401);
        }

        using var right = await EstRequest.PostAsync(
            http, "est/guess/simpleenroll", server.Device("CN=guess", challenge: EstServer.Password).Body);
        Assert.NotNull(right.Headers.RetryAfter);
        await EstRequest.RefusedAsync(right, 429);
        using var byBasic = await EstRequest.PostAsync(http, "est/guess/simpleenroll", server.Device("CN=guess").Body, EstServer.Password);
        await EstRequest.RefusedAsync(byBasic, 429);
    }

    [Fact]
    [Trait("Conformance", "E-H6")]
    public async Task Each_request_that_is_refused_unread_leaves_an_event_and_is_counted_by_its_kind()
    {
        using var http = server.Client();
        var device = server.Device("CN=unread");
        var large = new byte[(1024 * 1024) + 1];
        foreach (var (label, type, body, status) in new[]
        {
            ("quiet", "text/plain", device.Body, 415), ("quiet", EstRequest.Pkcs10, large, 413), ("quiet", EstRequest.Pkcs10, [], 400),
        })
        {
            using var answer = await EstRequest.PostAsync(http, $"est/{label}/simpleenroll", body, EstServer.Password, type);
            await EstRequest.RefusedAsync(answer, status);
        }

        using (var answer = await http.GetAsync("est/quiet/simplereenroll"))
            await EstRequest.RefusedAsync(answer, 405);
        foreach (var operation in new[] { "cacerts", "csrattrs" })
        {
            using var answer = await http.GetAsync($"est-mtls/quiet/{operation}");
            await EstRequest.RefusedAsync(answer, 403);
        }

        var events = await server.EventsAsync("quiet");
        Assert.All(events, e => Assert.Equal((AuditOutcome.Refused, "est-client"), (e.Outcome, e.Actor)));
        Assert.Equal(
            [
                ("est_request", "client_certificate_missing", 2), ("est_simple_enroll", "raw_csr_unreadable", 3),
                ("est_simple_reenroll", "malformed_request", 1),
            ],
            events.GroupBy(e => (e.Action, e.Reason)).Select(group => (group.Key.Action, group.Key.Reason!, group.Sum(e => e.Count)))
                .Order());
        var metrics = await http.GetStringAsync("/metrics");
        foreach (var (kind, reason, count) in new[]
        {
            ("simple_enroll", "raw_csr_unreadable", 3), ("simple_reenroll", "malformed_request", 1),
            ("cacerts", "client_certificate_missing", 1), ("csrattrs", "client_certificate_missing", 1),
        })
        {
            Assert.Single(metrics.Split('\n'), line => new[]
            {
                "certctl_enrolment_requests_total{", "protocol=\"EST\"", "profile=\"quiet\"", $"kind=\"{kind}\"", $"reason=\"{reason}\"",
                $"}} {count}",
            }.All(part => line.Contains(part, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Beside_a_password_approval_is_a_condition_and_no_other_way_in()
    {
        using var http = server.Client();
        var device = server.Device("CN=both");
        using var without = await EstRequest.PostAsync(http, "est/both/simpleenroll", device.Body);
        Assert.NotEmpty(without.Headers.WwwAuthenticate);
        await EstRequest.RefusedAsync(without, 401);
        using var with = await EstRequest.PostAsync(http, "est/both/simpleenroll", device.Body, EstServer.Password);
        Assert.Equal(HttpStatusCode.Accepted, with.StatusCode);
    }

    [Fact]
    public async Task Fifty_copies_of_one_request_at_once_signed_anew_or_not_are_one_certificate()
    {
        using var http = server.Client();
        var device = server.Device("CN=copied");
        var anew = server.Device("CN=copied", keyFile: device.KeyFile);
        var serials = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            using var answer = await EstRequest.PostAsync(http, "est/open/simpleenroll", (i % 2 == 0 ? device : anew).Body);
            return await EstRequest.IssuedAsync(answer);
        }));

        Assert.Single(serials.Distinct());
        await using var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        Assert.Equal(1, await db.Certificates.CountAsync(c => c.Subject == "CN=copied"));
        Assert.Contains("CERTCTL_EST_PROFILE_OPEN_ALLOW_ANONYMOUS is true", server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_see_the_profiles_and_how_their_requests_ended_and_read_a_bundle_again()
    {
        using var http = server.Client();
        http.DefaultRequestHeaders.Authorization = new("Bearer", server.Host.ApiKey);
        var device = server.Device("CN=counted");
        using (var answer = await EstRequest.PostAsync(http, "est/open/simpleenroll", device.Body))
            await EstRequest.IssuedAsync(answer);
        using var list = JsonDocument.Parse(await http.GetStringAsync("/api/v1/admin/est/profiles"));
        Assert.Equal(12, list.RootElement.GetProperty("profile_count").GetInt32());
        var rows = RowsOf(list);
        Assert.Equal("rival of the maker", AnchorOf(rows["turned"]));
        Assert.Equal(server.Bundle("turned"), rows["turned"].GetProperty("trust_anchor_path").GetString());
        Assert.False(rows["open"].TryGetProperty("trust_anchors", out _));
        Assert.False(rows["open"].GetProperty("server_keygen_enabled").GetBoolean());
        Assert.Equal("anonymous", Assert.Single(rows["open"].GetProperty("auth_modes").EnumerateArray()).GetString());
        Assert.True(rows["own"].GetProperty("mtls_enabled").GetBoolean());
        Assert.True(rows["own"].GetProperty("basic_auth_configured").GetBoolean());
        Assert.InRange(rows["open"].GetProperty("counters").GetProperty("success_simpleenroll").GetInt64(), 1, 51);

        // The bundle names the rival's CA at the start.
        await File.WriteAllTextAsync(server.Bundle("turned"), server.Maker.Pem);
        foreach (var (label, status) in new[] { ("turned", 200), ("basic", 409), ("unknown", 404) })
        {
            using var answer = await http.PostAsJsonAsync("/api/v1/admin/est/reload-trust", new { path_id = label });
            Assert.Equal(status, (int)answer.StatusCode);
        }

        using var after = JsonDocument.Parse(await http.GetStringAsync("/api/v1/admin/est/profiles"));
        Assert.Equal("maker of est devices", AnchorOf(RowsOf(after)["turned"]));
        using var made = server.Client(BootstrapCa.Shown(server.Maker.Issue("CN=counted")));
        using (var answer = await EstRequest.PostAsync(made, "est/turned/simpleenroll", device.Body))
            await EstRequest.IssuedAsync(answer);
    }

    private static Dictionary<string, JsonElement> RowsOf(JsonDocument list) => list.RootElement.GetProperty("profiles").EnumerateArray()
        .ToDictionary(row => row.GetProperty("path_id").GetString()!);

    private static string? AnchorOf(JsonElement row) =>
        Assert.Single(row.GetProperty("trust_anchors").EnumerateArray()).GetProperty("subject").GetString();

    private static string SerialOf(X509Certificate2 certificate) => certificate.SerialNumber.ToLowerInvariant().PadLeft(40, '0');

    private async Task RevokeAsync(X509Certificate2 certificate)
    {
        await using var db = await server.Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        var serial = SerialOf(certificate);
        var stored = await db.Certificates.SingleAsync(c => c.SerialNumber == serial);
        stored.Revoke(RevocationReason.KeyCompromise, DateTimeOffset.UtcNow);
        await db.SaveChangesAsync();
    }
}
