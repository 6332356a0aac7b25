using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Infrastructure.StatusClient.Ocsp;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.StatusClient;

/// <summary>CRLs and OCSP answers of other projects: each is read or refused with a sentence, and what they call bad is not good.</summary>
public sealed class StatusVectorTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Spring2017 = new(2017, 3, 10, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Pkits = new(2012, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_CRL_of_boringssl_is_as_its_name_says()
    {
        var files = Files("crl-boringssl/crl_unittest", "*.pem");
        foreach (var file in files)
        {
            var name = Path.GetFileName(file);
            var blocks = Blocks(file);
            using var ca = X509CertificateLoader.LoadCertificate(blocks["CA CERTIFICATE"]);
            var problems = Problems(blocks["CRL"], ca, Spring2017);
            output.WriteLine($"{name}: {string.Join(' ', problems)}");

            // The lists of that project have neither number nor key identifier, which no reader of it demands.
            var graver = problems.Where(problem => !problem.StartsWith("There is no cRLNumber", StringComparison.Ordinal)
                && !problem.StartsWith("There is no key identifier", StringComparison.Ordinal)).ToList();
            if (name.StartsWith("invalid_", StringComparison.Ordinal))
                Assert.True(graver.Count > 0, name);
            else if (name is "bad_fake_critical_extension.pem" or "bad_key_rollover_signature.pem" or "bad_thisupdate_in_future.pem"
                or "bad_nextupdate_too_old.pem")
                Assert.True(graver.Count > 0, name);
            else if (name is "good.pem" or "good_no_crldp.pem" or "revoked.pem" or "revoked_fake_crlentryextension.pem"
                or "good_idp_uri_and_onlycontainscacerts.pem")
                Assert.True(graver.Count == 0, $"{name}: {string.Join(' ', graver)}");
        }

        Assert.True(files.Count is 0 or > 30);
    }

    [Fact]
    public void Each_CRL_of_PKITS_is_read_and_the_bad_ones_are_named()
    {
        var files = Files("pkits-nist-via-bc/crls", "*.crl");
        var good = 0;
        foreach (var file in files)
        {
            var name = Path.GetFileNameWithoutExtension(file).Replace("CRL", "", StringComparison.Ordinal);
            var crl = ReceivedCrl.Read(File.ReadAllBytes(file));
            _ = crl.Entries.Count();
            var caFile = Path.Combine(Path.GetDirectoryName(file)!, "..", "certs", $"{name}Cert.crt");
            if (!File.Exists(caFile))
                continue;
            using var ca = X509CertificateLoader.LoadCertificateFromFile(caFile);
            var problems = CrlCheck.Problems(crl, [ca], Pkits, out _);
            output.WriteLine($"{name}: {string.Join(' ', problems)}");

            // Those lists are of 2001 and signed with SHA-1, which this client does not accept: all else must be right.
            var graver = problems.Where(problem => !problem.Contains("is not accepted by this program", StringComparison.Ordinal)
                && !problem.StartsWith("The CA certificate is valid from", StringComparison.Ordinal)
                && !problem.StartsWith("It has expired", StringComparison.Ordinal)).ToList();
            if (graver.Count == 0)
                good++;
            if (name is "BadCRLSignatureCA" or "BadCRLIssuerNameCA" or "WrongCRLCA" or "OldCRLnextUpdateCA"
                or "UnknownCRLExtensionCA" or "UnknownCRLEntryExtensionCA" or "SeparateCertificateandCRLKeysCRLSigning")
                Assert.NotEmpty(problems);
            if (name is "GoodCA" or "TrustAnchorRoot")
                Assert.Empty(graver);
        }

        Assert.True(files.Count == 0 || good > 20, $"{good} of {files.Count}");
    }

    [Fact]
    public void An_indirect_CRL_of_PKITS_is_named_whatever_its_entries_say()
    {
        foreach (var file in Files("pkits-nist-via-bc/crls", "indirectCRL*CRL.crl"))
        {
            var crl = ReceivedCrl.Read(File.ReadAllBytes(file));
            var caFile = Path.Combine(
                Path.GetDirectoryName(file)!, "..", "certs", Path.GetFileNameWithoutExtension(file)[..^"CRL".Length] + "Cert.crt");
            if (!File.Exists(caFile))
                continue;
            using var ca = X509CertificateLoader.LoadCertificateFromFile(caFile);
            Assert.Equal(
                crl.Scope?.IsIndirect == true,
                CrlCheck.Problems(crl, [ca], Pkits, out _).Any(
                    problem => problem.StartsWith("It is an indirect CRL (RFC 5280 §5.2.5)", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData("crl-x509-parser", "*")]
    [InlineData("ocsp-rustcrypto", "*crl*")]
    [InlineData("fuzz-openssl-corpora", "*")]
    public void Any_octets_are_a_CRL_or_refused_with_a_sentence(string folder, string pattern)
    {
        var read = 0;
        foreach (var file in Files(folder, pattern))
        {
            try
            {
                _ = ReceivedCrl.Read(File.ReadAllBytes(file)).Entries.Count();
                read++;
            }
            catch (StatusClientException refused)
            {
                Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
                output.WriteLine($"{Path.GetFileName(file)}: {refused.Message}");
            }
        }

        output.WriteLine($"{read} were read");
    }

    [Theory]
    [InlineData("ocsp-rustcrypto", "*-res*.der")]
    [InlineData("ocsp-asn1crypto", "*")]
    [InlineData("ocsp-cfssl", "*")]
    [InlineData("ocsp-boringssl", "*")]
    [InlineData("fuzz-openssl-corpora", "*")]
    public void Any_octets_are_an_OCSP_answer_or_refused_with_a_sentence(string folder, string pattern)
    {
        var (files, read) = (Files(folder, pattern), 0);
        foreach (var file in files)
        {
            var octets = File.ReadAllBytes(file);
            if (octets.AsSpan().IndexOf("-----BEGIN OCSP RESPONSE-----"u8) >= 0)
                octets = Blocks(file)["OCSP RESPONSE"];
            try
            {
                OcspAnswer.Read(octets);
                read++;
            }
            catch (StatusClientException refused)
            {
                Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
                output.WriteLine($"{Path.GetFileName(file)}: {refused.Message}");
            }
        }

        Assert.True(read > 3 || files.Count == 0 || folder is not ("ocsp-rustcrypto" or "ocsp-boringssl"), $"{read} of {files.Count}");
    }

    private static IReadOnlyList<string> Problems(byte[] crl, X509Certificate2 ca, DateTimeOffset now)
    {
        try
        {
            return CrlCheck.Problems(ReceivedCrl.Read(crl), [ca], now, out _);
        }
        catch (StatusClientException refused)
        {
            return [refused.Message];
        }
    }

    private List<string> Files(string folder, string pattern)
    {
        var parts = folder.Split('/');
        if (TestVectors.Find($"{parts[0]}/PROVENANCE.txt", output) is not { } provenance)
            return [];
        var files = Directory.GetFiles(
            Path.Combine([Path.GetDirectoryName(provenance)!, .. parts[1..]]), pattern, SearchOption.AllDirectories);
        return [.. files.Order(StringComparer.Ordinal)];
    }

    // Each block by its label; of several with one label the first.
    private static Dictionary<string, byte[]> Blocks(string file)
    {
        var blocks = new Dictionary<string, byte[]>();
        ReadOnlySpan<char> rest = File.ReadAllText(file);
        while (PemEncoding.TryFind(rest, out var fields))
        {
            blocks.TryAdd(rest[fields.Label].ToString(), Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            rest = rest[fields.Location.End..];
        }

        return blocks;
    }
}
