using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Publication;

/// <summary>Partitioned CRLs of the running server, as openssl and GnuTLS see them.</summary>
public sealed partial class PartitionedCrlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Conformance", "L-9")]
    [Trait("Conformance", "L-10")]
    [Trait("Conformance", "L-11")]
    public async Task A_certificate_is_in_the_CRL_of_its_partition_under_the_URL_that_it_carries_also_after_a_new_base_URL()
    {
        await using var host = await CertctlHost.StartAsync(null, ("CERTCTL_PUBLICATION_BASE_URL", "http://pki.example.test"));
        using (var party = new RelyingParty(host))
            await AskForPartitionsAsync(host, party.Http, 2);
        var (one, two) = await EnrolInBothAsync(host);
        Assert.Matches("^http://pki\\.example\\.test/\\.well-known/pki/crl/iss-local-[0-9a-f]{16}/[01]-[0-9a-f]{8}\\.crl$", UrlOf(one));
        using (var party = new RelyingParty(host))
        {
            await FetchAsync(party.Http, host, one, _ => true);
            await FetchAsync(party.Http, host, two, _ => true);
            Assert.Equal(0, Verify(host, one, one).Code);
            Assert.NotEqual(0, Verify(host, one, two).Code);

            await RevokeAsync(party.Http, host, one, "keyCompromise", "2024-02-29T08:15:00Z");
            var text = await FetchAsync(party.Http, host, one, crl => RevocationTests.Lists(crl, one));
            Assert.Contains("X509v3 Issuing Distribution Point: critical", text, StringComparison.Ordinal);
            Assert.Contains($"URI:{UrlOf(one)}", text, StringComparison.Ordinal);
            Assert.Contains("Feb 29 08:15:00 2024 GMT", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Only ", text, StringComparison.Ordinal);
            Assert.Contains("certificate revoked", Verify(host, one, one).Output, StringComparison.Ordinal);
            Assert.Contains("Verification output: Verified", Certtool(host), StringComparison.Ordinal);
            Assert.False(RevocationTests.Lists(await FetchAsync(party.Http, host, two, _ => true), one));
            Assert.True(RevocationTests.Lists(await party.CrlAsync(crl => RevocationTests.Lists(crl, one)), one));
            await RefusedAsync(party.Http, host, two, "2126-11-20T08:15:00Z");
        }

        // What stands in certificates stays true: the lists of the old base URL go on beside those of the new one.
        await host.StopAsync();
        host.Settings["CERTCTL_PUBLICATION_BASE_URL"] = "http://new.example.test/at";
        host.Settings["CERTCTL_CRL_DELTA_VALIDITY"] = "1h";
        await host.StartAgainAsync();
        using var later = new RelyingParty(host);
        using var young = await EnrolAsync(host, "CN=under the new URL");
        Assert.StartsWith("http://new.example.test/at/.well-known/pki/crl/", UrlOf(young), StringComparison.Ordinal);
        await FetchAsync(later.Http, host, young, _ => true);
        Assert.Equal(0, Verify(host, young, young).Code);
        await RevokeAsync(later.Http, host, two, "superseded", null);
        await FetchAsync(later.Http, host, two, crl => RevocationTests.Lists(crl, two));
        Assert.Contains("certificate revoked", Verify(host, two, two).Output, StringComparison.Ordinal);
        one.Dispose();
        two.Dispose();

        await AskForPartitionsAsync(host, later.Http, 0);
        await DeltasAsync(host, later);
    }

    // L-11: a complete list that is older than a revocation and a release is brought up to date by the delta CRL.
    private async Task DeltasAsync(CertctlHost host, RelyingParty party)
    {
        using var held = await EnrolAsync(host, "CN=on hold");
        using var good = await EnrolAsync(host, "CN=good for now");
        await RevokeAsync(party.Http, host, held, "certificateHold", null);
        File.WriteAllText(_folder["held"], held.ExportCertificatePem());
        Assert.Contains("/delta/iss-local-", OpenSsl.Run("x509", "-in", _folder["held"], "-noout", "-ext", "freshestCRL"),
            StringComparison.Ordinal);
        var complete = await FetchAsync(party.Http, host, held, crl => RevocationTests.Lists(crl, held));
        Assert.Contains("X509v3 Freshest CRL", complete, StringComparison.Ordinal);
        OpenSsl.Run("crl", "-inform", "DER", "-in", FileOf(held), "-out", _folder["base"]);

        await party.EndAsync(held.SerialNumber, "release");
        await RevokeAsync(party.Http, host, good, "keyCompromise", null);
        var delta = await FetchAsync(
            party.Http, host, held, crl => RevocationTests.Lists(crl, good) && crl.Contains("Remove From CRL", StringComparison.Ordinal),
            url => url.Replace("/crl/", "/delta/", StringComparison.Ordinal));
        Assert.Contains("X509v3 Delta CRL Indicator: critical", delta, StringComparison.Ordinal);
        Assert.True(RevocationTests.Number(delta) > RevocationTests.Number(complete));
        OpenSsl.Run("crl", "-inform", "DER", "-in", FileOf(held), "-out", _folder["delta"]);
        File.WriteAllText(_folder["both"], File.ReadAllText(_folder["base"]) + File.ReadAllText(_folder["delta"]));
        File.WriteAllText(_folder["good"], good.ExportCertificatePem());
        string[] both = ["-extended_crl", "-use_deltas", "-CRLfile", _folder["both"]];
        Assert.Contains("certificate revoked", VerifyBy(["-CRLfile", _folder["base"]], "held").Output, StringComparison.Ordinal);
        Assert.Equal(0, VerifyBy(["-CRLfile", _folder["base"]], "good").Code);
        Assert.Equal(0, VerifyBy(both, "held").Code);
        Assert.Contains("certificate revoked", VerifyBy(both, "good").Output, StringComparison.Ordinal);

        (int Code, string Output) VerifyBy(string[] lists, string leaf) => OpenSsl.TryRun(
            ["verify", "-crl_check", "-CAfile", host.CaFile, .. lists, "-purpose", "any", _folder[leaf]]);
    }

    private static async Task AskForPartitionsAsync(CertctlHost host, HttpClient http, int partitions)
    {
        using var read = Request(host, HttpMethod.Get, "/api/v1/profiles/default");
        using var found = await http.SendAsync(read);
        var profile = JsonNode.Parse(await found.Content.ReadAsStringAsync())!.AsObject();
        profile["crl_partitions"] = partitions;
        using var write = Request(host, HttpMethod.Put, "/api/v1/profiles/default");
        write.Headers.TryAddWithoutValidation("If-Match", "*");
        write.Content = JsonContent.Create(profile);
        using var answer = await http.SendAsync(write);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<(X509Certificate2 One, X509Certificate2 Two)> EnrolInBothAsync(CertctlHost host)
    {
        var one = await EnrolAsync(host, "CN=first");
        for (var i = 0; ; i++)
        {
            // Of 64 random serial numbers all but never all fall into one half.
            Assert.True(i < 64);
            var two = await EnrolAsync(host, $"CN=another {i}");
            if (UrlOf(two) != UrlOf(one))
                return (one, two);
            two.Dispose();
        }
    }

    private static async Task<X509Certificate2> EnrolAsync(CertctlHost host, string subject)
    {
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        return (await wire.SendAsync((await wire.RequestAsync(device.Csr(subject, host.Challenge), device)).Build())).Issued(device);
    }

    private static HttpRequestMessage Request(CertctlHost host, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(host.Url, path));
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer", File.ReadAllText(Path.Combine(host.Data, "api-key")).Trim());
        return request;
    }

    private static async Task RevokeAsync(HttpClient http, CertctlHost host, X509Certificate2 certificate, string reason, string? since)
    {
        using var answer = await SendRevocationAsync(http, host, certificate, reason, since);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task RefusedAsync(HttpClient http, CertctlHost host, X509Certificate2 certificate, string since)
    {
        using var answer = await SendRevocationAsync(http, host, certificate, "keyCompromise", since);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("invalidity_date", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SendRevocationAsync(
        HttpClient http, CertctlHost host, X509Certificate2 certificate, string reason, string? since)
    {
        using var request = Request(host, HttpMethod.Post, $"/api/v1/certificates/{certificate.SerialNumber}/revoke");
        request.Content = JsonContent.Create(since is null ? (object)new { reason } : new { reason, invalidity_date = since });
        return await http.SendAsync(request);
    }

    // The one URL of its cRLDistributionPoints, in openssl's words.
    private static string UrlOf(X509Certificate2 certificate)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["leaf"], certificate.ExportCertificatePem());
        return Assert.Single(Url().Matches(OpenSsl.Run("x509", "-in", folder["leaf"], "-noout", "-ext",
            "crlDistributionPoints"))).Groups[1].Value;
    }

    /// <summary>Waits until the CRL of the certificate's partition is there and this is true of it, as openssl prints it.</summary>
    private async Task<string> FetchAsync(HttpClient http, CertctlHost host, X509Certificate2 certificate, Predicate<string> condition,
        Func<string, string>? at = null)
    {
        var url = at?.Invoke(UrlOf(certificate)) ?? UrlOf(certificate);
        var path = url[url.IndexOf("/.well-known", StringComparison.Ordinal)..];
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (true)
        {
            using var answer = await http.GetAsync(new Uri(host.Url, path), patience.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                File.WriteAllBytes(FileOf(certificate), await answer.Content.ReadAsByteArrayAsync(patience.Token));
                var text = OpenSsl.Run("crl", "-inform", "DER", "-in", FileOf(certificate), "-CAfile", host.CaFile, "-noout", "-text");
                if (condition(text))
                    return text;
            }

            await Task.Delay(100, patience.Token);
        }
    }

    private string FileOf(X509Certificate2 certificate) => _folder[certificate.SerialNumber];

    /// <summary>With the CRL that was fetched last for another one.</summary>
    private (int Code, string Output) Verify(CertctlHost host, X509Certificate2 certificate, X509Certificate2 crlOf)
    {
        File.WriteAllText(_folder["leaf"], certificate.ExportCertificatePem());
        OpenSsl.Run("crl", "-inform", "DER", "-in", FileOf(crlOf), "-out", _folder["crl"]);
        return OpenSsl.TryRun(
            "verify", "-crl_check", "-CAfile", host.CaFile, "-CRLfile", _folder["crl"], "-purpose", "any", _folder["leaf"]);
    }

    // Of the CRL that openssl verified with last.
    private string Certtool(CertctlHost host) => ExternalTool.Run(
        "certtool", "--verify-crl", "--load-ca-certificate", host.CaFile, "--infile", _folder["crl"]).All;

    [GeneratedRegex("URI:(\\S+)")]
    private static partial Regex Url();
}
