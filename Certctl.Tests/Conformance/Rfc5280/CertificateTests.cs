using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc5280;

/// <summary>
/// RFC 5280 §4: what a device gets over the wire, read by openssl. A request is a wish; what is not vetted does not get in.
/// </summary>
public sealed class CertificateTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    private static ScepDevice Device => ScepDevice.Shared();

    [Fact]
    [Trait("Conformance", "P-1")]
    [Trait("Conformance", "P-5")]
    [Trait("Conformance", "P-12")]
    [Trait("Conformance", "P-13")]
    [Trait("Conformance", "P-14")]
    [Trait("Conformance", "P-20")]
    public async Task A_plain_leaf_verifies_and_says_what_the_default_profile_grants()
    {
        using var leaf = await server.EnrolAsync(Device, "CN=plain", "plain.example");
        var ca = (await server.Wire.CaCertificatesAsync())[^1];
        Assert.Equal(ca.SubjectName.RawData, leaf.IssuerName.RawData);
        Assert.Equal(
            ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray(),
            leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.ToArray());

        var text = Text(leaf);
        Assert.Contains("Version: 3 (0x2)", text, StringComparison.Ordinal);
        Assert.Contains("X509v3 Basic Constraints: critical\n                CA:FALSE\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n", text, StringComparison.Ordinal);
        Assert.Contains("X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n", text, StringComparison.Ordinal);
        Assert.Contains("X509v3 Subject Alternative Name: \n                DNS:plain.example\n", text, StringComparison.Ordinal);
        Assert.Contains("X509v3 Subject Key Identifier", text, StringComparison.Ordinal);

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["leaf"], leaf.ExportCertificatePem());
        OpenSsl.Run(
            "verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslclient", "-no-CApath", "-no-CAstore", "-CAfile",
            server.Server.CaFile, folder["leaf"]);
    }

    [Fact]
    [Trait("Conformance", "P-17")]
    [Trait("Conformance", "P-18")]
    [Trait("Conformance", "P-20")]
    [Trait("Conformance", "P-23")]
    public async Task Nothing_of_a_request_is_copied_that_was_not_vetted()
    {
        var csr = Device.Csr("CN=greedy", Der.Text(0x0C, server.Challenge), ["greedy.example"], request =>
        {
            request.CertificateExtensions.Add(
                new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(
                X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DataEncipherment, critical: true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
                [new Oid("2.5.29.37.0"), new Oid("1.3.6.1.5.5.7.3.9"), new Oid("1.3.6.1.5.5.7.3.28")], critical: true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension([1, 2, 3, 4], critical: false));
            request.CertificateExtensions.Add(
                new X509Extension("2.5.29.30", Der.Sequence(Der.Tlv(0xA0, Der.Sequence(Der.Text(0x82, "example")))), critical: true));
            request.CertificateExtensions.Add(
                new X509Extension("2.5.29.32", Der.Sequence(Der.Sequence(Der.Oid("2.5.29.32.0"))), critical: false));
            request.CertificateExtensions.Add(new X509Extension("2.5.29.31", Der.Sequence(), critical: false));
            request.CertificateExtensions.Add(new X509Extension("1.2.3.4", [0x05, 0x00], critical: true));
            request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.311.25.2", [0x05, 0x00], critical: false));
        });
        using var leaf = (await server.Wire.SendAsync((await server.Wire.RequestAsync(csr, Device)).Build())).Issued(Device);
        using var plain = await server.EnrolAsync(Device, "CN=modest", "greedy.example");

        // Value by value, the certificate for a request without wishes.
        Assert.Equal(
            plain.Extensions.Select(extension => (extension.Oid!.Value, extension.Critical, Convert.ToHexString(extension.RawData))),
            leaf.Extensions.Select(extension => (extension.Oid!.Value, extension.Critical, Convert.ToHexString(extension.RawData))));
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.DoesNotContain("1.2.3.4", Text(leaf), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-9")]
    public async Task An_empty_subject_makes_the_alternative_names_critical_and_needs_some()
    {
        using var leaf = await server.EnrolAsync(Device, "", "nameless.example");
        Assert.Equal([0x30, 0x00], leaf.SubjectName.RawData);
        Assert.Contains(
            "X509v3 Subject Alternative Name: critical\n                DNS:nameless.example\n", Text(leaf), StringComparison.Ordinal);
        (await server.Wire.SendAsync((await server.Wire.RequestAsync(Device.Csr("", server.Challenge), Device)).Build())).MustFail("2");
    }

    [Fact]
    [Trait("Conformance", "P-16")]
    public async Task Names_keep_their_kind_on_their_way_through()
    {
        var builder = new SubjectAlternativeNameBuilder();
        builder.AddUserPrincipalName("eve@corp.example");
        builder.AddUri(new Uri("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001"));
        builder.AddDnsName("eve.example");
        builder.AddEmailAddress("eve@corp.example");
        builder.AddIpAddress(System.Net.IPAddress.Parse("192.0.2.9"));
        var names = builder.Build();
        var csr = Device.Csr("CN=kinds", Der.Text(0x0C, server.Challenge), [], request => request.CertificateExtensions.Add(names));
        using var leaf = (await server.Wire.SendAsync((await server.Wire.RequestAsync(csr, Device)).Build())).Issued(Device);
        Assert.Equal(names.RawData, leaf.Extensions["2.5.29.17"]!.RawData);
        Assert.Contains("othername: UPN::eve@corp.example", Text(leaf), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-10")]
    public async Task A_common_name_of_sixty_five_characters_is_refused_and_never_shortened()
    {
        using var leaf = await server.EnrolAsync(Device, $"CN={new string('n', 64)}");
        Assert.Equal($"CN={new string('n', 64)}", leaf.Subject);
        (await server.Wire.SendAsync(
            (await server.Wire.RequestAsync(Device.Csr($"CN={new string('n', 65)}", server.Challenge), Device)).Build())).MustFail("2");
    }

    [Fact]
    [Trait("Conformance", "P-27")]
    [Trait("Conformance", "P-7")]
    public async Task Validity_begins_minutes_ago_and_ends_before_the_CA()
    {
        var before = DateTimeOffset.UtcNow;
        using var leaf = await server.EnrolAsync(Device, "CN=validity");
        var ca = (await server.Wire.CaCertificatesAsync())[^1];
        Assert.InRange(leaf.NotBefore.ToUniversalTime(), before.UtcDateTime.AddMinutes(-5).AddSeconds(-1), DateTime.UtcNow.AddMinutes(-5));
        Assert.True(leaf.NotBefore >= ca.NotBefore && leaf.NotAfter <= ca.NotAfter);
    }

    private static string Text(X509Certificate2 certificate)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["leaf"], certificate.RawData);
        return OpenSsl.Run("x509", "-inform", "DER", "-in", folder["leaf"], "-noout", "-text");
    }
}
