using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Status;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.StatusClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Status;

/// <summary><c>certctl crl show</c> and <c>certctl crl verify</c> on CRLs that openssl made.</summary>
public sealed class CrlCommandTests : IDisposable
{
    private readonly OpenSslCa _ca = new();

    public void Dispose() => _ca.Dispose();

    [Fact]
    public async Task A_CRL_is_shown_as_openssl_prints_it_be_it_PEM_or_DER_a_file_or_a_URL()
    {
        var (stolen, held) = (_ca.Issue("stolen"), _ca.Issue("held"));
        _ca.Issue("untouched");
        _ca.Revoke(stolen, "-crl_compromise", "20260102030405Z");
        _ca.Revoke(held, "-crl_hold", "holdInstructionNone");
        var pem = _ca.MakeCrl();
        var der = _ca.Path("list.der");
        OpenSsl.Run("crl", "-in", pem, "-outform", "DER", "-out", der);
        await using var server = await FakeStatusServer.StartAsync();
        var url = server.Serve("/list.crl", "application/pkix-crl", await File.ReadAllBytesAsync(der));

        foreach (var place in new[] { pem, der, url })
        {
            var shown = (await ShowAsync(place, "--json")).Json;
            Assert.Equal("CN=Test CA", shown.GetProperty("issuer").GetString());
            Assert.Equal("4096", shown.GetProperty("number").GetString());
            Assert.Equal("ecdsa-with-SHA256", shown.GetProperty("signature_algorithm").GetString());
            Assert.Equal(
                Dates(pem), (shown.GetProperty("this_update").GetDateTimeOffset(), shown.GetProperty("next_update").GetDateTimeOffset()));
            Assert.Equal(2, shown.GetProperty("revoked").GetInt32());
            var entries = shown.GetProperty("entries").EnumerateArray()
                .Select(entry => (
                    entry.GetProperty("serial").GetString(), entry.GetProperty("reason").GetString(),
                    entry.GetProperty("invalid_from").ValueKind == System.Text.Json.JsonValueKind.Null
                        ? (DateTimeOffset?)null
                        : entry.GetProperty("invalid_from").GetDateTimeOffset()));
            Assert.Equal(
                [
                    (Serial(0), "keyCompromise", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
                    (Serial(1), "certificateHold", null),
                ],
                entries);
        }

        var text = (await ShowAsync(der, "--first", "1")).Output;
        Assert.Contains("CRL of CN=Test CA", text, StringComparison.Ordinal);
        Assert.Matches($"(?m)^    {Serial(0)}  .*Z  keyCompromise  invalid from 2026-01-02 03:04:05Z$", text);
        Assert.Contains("… and 1 more", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_serial_number_is_looked_up_in_every_form()
    {
        _ca.Revoke(_ca.Issue("ended"), "-crl_reason", "superseded");
        _ca.Issue("other");
        var crl = _ca.MakeCrl();
        var colons = string.Join(':', OpenSslCa.FirstSerial.Chunk(2).Select(pair => new string(pair)));
        var digits = OpenSslCa.FirstSerial[1..];
        foreach (var form in new[] { OpenSslCa.FirstSerial, digits.ToLowerInvariant(), "0x00" + digits, colons })
        {
            var found = await ShowAsync(crl, "--serial", form);
            Assert.True(found.Code == 3, form + found.Output + found.Error);
            Assert.Matches($"(?m)^Listed: {Serial(0)}  .*Z  superseded$", found.Output);
        }

        var absent = await ShowAsync(crl, "--serial", Serial(1));
        Assert.Equal(0, absent.Code);
        Assert.Contains("Not listed: ", absent.Output, StringComparison.Ordinal);
        Assert.False((await ShowAsync(crl, "--serial", Serial(1), "--json")).Json.GetProperty("listed").GetBoolean());
        Assert.Contains("is no serial number", (await ShowAsync(crl, "--serial", "no")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EC:P-256")]
    [InlineData("EC:P-384", "-md", "sha384")]
    [InlineData("EC:P-521", "-md", "sha512")]
    [InlineData("RSA:2048")]
    [InlineData("RSA:3072", "-md", "sha512")]
    [InlineData("RSA:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")]
    [InlineData("RSA:2048", "-md", "sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")]
    public async Task What_a_CA_of_openssl_signs_is_good(string key, params string[] signing)
    {
        using var ca = new OpenSslCa(key, "Signing CA", signing);
        ca.Revoke(ca.Issue("ended"));
        var crl = ca.MakeCrl();

        var run = await VerifyAsync(crl, ca.CaFile);

        Assert.True(run.Code == 0, run.Output + run.Error);
        Assert.StartsWith("Good: CRL number 4096 of CN=Signing CA, until ", run.Output, StringComparison.Ordinal);
        var json = (await VerifyAsync(crl, ca.CaFile, "--json")).Json;
        Assert.Equal("good", json.GetProperty("status").GetString());
        Assert.Empty(json.GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task A_partitioned_list_and_a_delta_say_what_they_are()
    {
        var part = _ca.MakeCrl("-crlexts", "part");
        var shown = (await ShowAsync(part)).Output;
        Assert.Contains(
            "scope        only user certificates, those that point to http://crl.example/part.crl", shown, StringComparison.Ordinal);
        Assert.Contains("delta CRL at http://crl.example/delta.crl", shown, StringComparison.Ordinal);
        Assert.Equal(0, (await VerifyAsync(part, _ca.CaFile)).Code);

        var delta = _ca.MakeCrl("-crlexts", "delta");
        Assert.Contains("delta        of number 4095", (await ShowAsync(delta)).Output, StringComparison.Ordinal);
        Assert.StartsWith(
            "Good: delta CRL of 4095 number 4097 of ", (await VerifyAsync(delta, _ca.CaFile)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_CA_another_name_and_another_key_are_told_apart()
    {
        var crl = _ca.MakeCrl();
        using var sameName = new OpenSslCa();
        using var otherName = new OpenSslCa(name: "Other CA");
        using var rsa = new OpenSslCa("RSA:2048");

        await RefusesAsync(crl, sameName.CaFile, "authorityKeyIdentifier is", "does not verify with the key of CN=Test CA");
        await RefusesAsync(
            crl, otherName.CaFile, "The issuer is CN=Test CA, and the CA certificate is CN=Other CA", "authorityKeyIdentifier is",
            "does not verify");
        await RefusesAsync(crl, rsa.CaFile, "authorityKeyIdentifier is", "is no key for that (RSA-2048)");

        // Of several in one file the one that fits is taken.
        await File.WriteAllTextAsync(
            _ca.Path("all.pem"), string.Concat(new[] { otherName, sameName, _ca }.Select(ca => File.ReadAllText(ca.CaFile))));
        Assert.Equal(0, (await VerifyAsync(crl, _ca.Path("all.pem"))).Code);
    }

    [Fact]
    public async Task A_CA_that_may_not_sign_CRLs_is_refused() => await RefusesAsync(
        _ca.MakeCrl(), _ca.MakeCaCertificate("no-crl.crt", "Test CA", "keyCertSign"), "may not sign CRLs: its key usage is keyCertSign");

    [Fact]
    public async Task A_list_counts_from_thisUpdate_to_nextUpdate()
    {
        var crl = _ca.MakeCrl("-crlhours", "2");
        var (_, until) = Dates(crl);
        foreach (var (time, problem) in new[]
        {
            (until.AddSeconds(-1), ""), (until, ""), (until.AddSeconds(1), "It has expired"),
            (until.AddDays(40), "The CA certificate is valid from"),
        })
        {
            var run = await VerifyAsync(crl, _ca.CaFile, "--now", time.ToString("O", CultureInfo.InvariantCulture));
            Assert.Contains(problem, run.Output, StringComparison.Ordinal);
            Assert.Equal(problem.Length == 0 ? 0 : 6, run.Code);
        }

        // Clocks differ: five minutes are allowed for.
        string Made(int minutes) => _ca.MakeCrl(
            "-crl_lastupdate", DateTimeOffset.UtcNow.AddMinutes(minutes).ToString("yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture));
        Assert.Equal(0, (await VerifyAsync(Made(minutes: 3), _ca.CaFile)).Code);
        await RefusesAsync(Made(minutes: 10), _ca.CaFile, "is in the future");
        Assert.NotEqual(0, (await VerifyAsync(crl, _ca.CaFile, "--now", "yesterday")).Code);
    }

    [Fact]
    public async Task What_RFC_5280_demands_of_a_list_and_is_absent_is_said()
    {
        // openssl writes version 1 when it is told of no extensions.
        var configuration = await File.ReadAllTextAsync(_ca.Path("ca.cnf"));
        await File.WriteAllTextAsync(
            _ca.Path("ca.cnf"),
            configuration.Replace("crl_extensions = list\n", "", StringComparison.Ordinal)
                .Replace($"crlnumber = {_ca.Path("crlnumber")}\n", "", StringComparison.Ordinal));
        await RefusesAsync(
            _ca.MakeCrl(), _ca.CaFile, "It is of version 1", "There is no cRLNumber", "There is no key identifier");
        await RefusesAsync(
            _ca.MakeCrl("-crlexts", "strange"), _ca.CaFile, "The CRL has the critical extension 1.2.3.4", "There is no cRLNumber");
    }

    [Fact]
    public async Task Another_algorithm_outside_than_inside_is_refused()
    {
        var der = _ca.MakeCrlDer();

        // ecdsa-with-SHA256 becomes ecdsa-with-SHA384, where nothing is signed.
        byte[] oid = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
        der[der.AsSpan().LastIndexOf(oid) + oid.Length - 1] = 0x03;
        await File.WriteAllBytesAsync(_ca.Path("two.crl"), der);
        await RefusesAsync(
            _ca.Path("two.crl"), _ca.CaFile, "inside is ecdsa-with-SHA256, outside it is ecdsa-with-SHA384", "does not verify");
    }

    [Fact]
    public async Task What_this_program_cannot_verify_is_not_good()
    {
        using var ed25519 = new OpenSslCa("ED25519", "Ed CA", "-md", "null");
        await RefusesAsync(ed25519.MakeCrl(), ed25519.CaFile, "Ed25519 is not accepted by this program");
        using var sha1 = new OpenSslCa("RSA:2048", "Old CA", "-md", "sha1");
        await RefusesAsync(sha1.MakeCrl(), sha1.CaFile, "sha1WithRSAEncryption is not accepted by this program");
    }

    [Fact]
    public void A_list_that_was_altered_anywhere_is_never_good()
    {
        _ca.Revoke(_ca.Issue("ended"), "-crl_reason", "superseded");
        var der = _ca.MakeCrlDer();
        using var ca = X509CertificateLoader.LoadCertificateFromFile(_ca.CaFile);
        var now = DateTimeOffset.UtcNow;
        Assert.Empty(CrlCheck.Problems(ReceivedCrl.Read(der), [ca], now, out _));
        for (var i = 0; i < der.Length; i++)
        {
            foreach (var bit in new[] { 0x01, 0x80 })
            {
                var altered = (byte[])der.Clone();
                altered[i] ^= (byte)bit;
                try
                {
                    Assert.NotEmpty(CrlCheck.Problems(ReceivedCrl.Read(altered), [ca], now, out _));
                }
                catch (StatusClientException refused)
                {
                    Assert.Equal(StatusFault.Unusable, refused.Fault);
                }
            }
        }
    }

    [Fact]
    public async Task What_is_no_CRL_no_CA_and_no_file_is_said_with_its_exit_code()
    {
        var crl = _ca.MakeCrl();
        async Task Says(StatusRun run, int code, string what)
        {
            Assert.Equal((code, true), (run.Code, (run.Error + run.Output).Contains(what, StringComparison.Ordinal)));
            await Task.CompletedTask;
        }

        await Says(await ShowAsync(_ca.CaFile), 6, "This is no CRL");
        await Says(await ShowAsync(_ca.Path("absent.crl")), 7, "cannot be read");
        await Says(await ShowAsync("ldap://host/x"), 2, "is no http or https URL");
        await Says(await ShowAsync("http://user:secret@host/x"), 2, "without a user name");
        await Says(await ShowAsync("http://127.0.0.1:1/x.crl"), 5, "cannot be reached");
        await Says(await VerifyAsync(crl, _ca.Path("ca.key")), 7, "There is no certificate in");
        await Says(await VerifyAsync(crl, crl), 7, "There is no certificate in");
        await Says(await VerifyAsync(_ca.CaFile, _ca.CaFile, "--json"), 6, "\"exit_code\":6");
        await using var server = await FakeStatusServer.StartAsync();
        await Says(await ShowAsync(server.Serve("/page", "text/html", "<html>"u8.ToArray())), 6, "This is no CRL");
        await Says(await ShowAsync(server.Url("/absent")), 5, "HTTP 404");
    }

    private static string Serial(int number) =>
        (OpenSslCa.FirstSerial[..^2] + (0x04 + number).ToString("X2", CultureInfo.InvariantCulture)).ToLowerInvariant();

    private static (DateTimeOffset From, DateTimeOffset Until) Dates(string crl)
    {
        var lines = OpenSsl.Run("crl", "-in", crl, "-noout", "-lastupdate", "-nextupdate").Trim().Split('\n');
        DateTimeOffset Time(string line) => DateTimeOffset.ParseExact(
            line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..], "MMM d HH:mm:ss yyyy 'GMT'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite);
        return (Time(lines[0]), Time(lines[1]));
    }

    private static async Task RefusesAsync(string crl, string ca, params string[] problems)
    {
        var run = await VerifyAsync(crl, ca);
        Assert.Equal((6, ""), (run.Code, run.Error));
        var told = run.Output.Split('\n').Where(line => line.StartsWith("Problem: ", StringComparison.Ordinal)).ToList();
        Assert.True(told.Count == problems.Length, run.Output);
        Assert.All(problems, problem => Assert.Single(told, line => line.Contains(problem, StringComparison.Ordinal)));
        Assert.EndsWith("Not to be relied upon.\n", run.Output, StringComparison.Ordinal);
    }

    private static Task<StatusRun> ShowAsync(params string[] arguments) => StatusRun.OfAsync(CrlShowCommand.Create(), arguments);

    private static Task<StatusRun> VerifyAsync(string crl, string ca, params string[] arguments) =>
        StatusRun.OfAsync(CrlVerifyCommand.Create(), [crl, "--ca", ca, .. arguments]);
}
