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
                or "bad_nextupdate_too_old.pem" or "bad_idp_indirectcrl.pem")
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
            if (problems.Count > 0)
                output.WriteLine($"{name}: {string.Join(' ', problems)}");
            else
                good++;
            if (name is "BadCRLSignatureCA" or "BadCRLIssuerNameCA" or "WrongCRLCA" or "OldCRLnextUpdateCA"
                or "UnknownCRLExtensionCA" or "UnknownCRLEntryExtensionCA" or "SeparateCertificateandCRLKeysCRLSigning")
                Assert.NotEmpty(problems);
            if (name is "GoodCA" or "TrustAnchorRoot" or "RevokedsubCA" or "TwoCRLsCAGood")
                Assert.Empty(problems);
        }

        Assert.True(files.Count == 0 || good > 50, $"{good} of {files.Count}");
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

    [Fact]
    public void What_openssl_calls_invalid_is_not_relied_upon()
    {
        if (TestVectors.Find("ocsp-openssl-via-certvalidator/EXPECTED.tsv", output) is not { } table)
            return;
        var rows = 0;
        string Beside(string name) => Path.Combine(Path.GetDirectoryName(table)!, name);
        foreach (var row in File.ReadLines(table).Where(line => !line.StartsWith('#')).Select(line => line.Split('\t')))
        {
            using var ca = X509CertificateLoader.LoadCertificateFromFile(Beside(row[1]));
            var answer = OcspAnswer.Read(Convert.FromBase64String(File.ReadAllText(Beside(row[0]))));
            using var asked = X509CertificateLoader.LoadCertificateFromFile(Beside(Asked(row[0])));
            var question = new OcspQuestion(CertificateId.Of(asked, ca, useSha1: true), Nonce: null);
            var problems = OcspCheck.Judge(question, answer, ca, answer.ProducedAt.AddMinutes(1)).Problems;
            output.WriteLine($"{row[0]} {row[1]} {row[2]}: {string.Join(' ', problems)}");
            rows++;

            // Their signatures are SHA-1's, which this client does not accept: all else must be right where openssl says so.
            if (row[2] == "INVALID")
                Assert.NotEmpty(problems);
            if (row[0].StartsWith("WINH_", StringComparison.Ordinal) || row[0].StartsWith("WIKH_", StringComparison.Ordinal))
                Assert.Contains(problems, problem => problem.Contains("the issuer is another", StringComparison.Ordinal));
            else if (row[0].StartsWith("WRID_", StringComparison.Ordinal))
                Assert.Contains(problems, problem => problem.Contains("none is its", StringComparison.Ordinal));
            else if (row[2] == "VALID")
                Assert.All(
                    problems, problem => Assert.Contains("sha1WithRSAEncryption is not accepted", problem, StringComparison.Ordinal));
        }

        Assert.True(rows > 50, $"{rows} rows");
    }

    // ISOP_ND1.ors and ND1.ors are about ND1_Cert_….pem.
    private string Asked(string answer)
    {
        var name = Path.GetFileNameWithoutExtension(answer).Split('_')[^1];
        return Path.GetFileName(Files("ocsp-openssl-via-certvalidator", $"{name}_Cert_*.pem").Single());
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
