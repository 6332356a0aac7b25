using Certctl.Tests.Conformance.Publication;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop.RelyingPrograms;

/// <summary>Servers of other projects go by our CRL and our OCSP answers, and refuse what was revoked.</summary>
public sealed class RelyingProgramsTests(PublishingServer server) : IClassFixture<PublishingServer>
{
    private const string Nginx = "/usr/sbin/nginx";
    private const string GnuTls = "/usr/bin/gnutls-cli";
    private const string Radius = "/usr/sbin/freeradius";
    private const string EapolTest = "/usr/bin/eapol_test";
    private const string RadiusSecret = "shared with the access point";

    [Fact]
    [Trait("Conformance", "P-30")]
    public async Task Nginx_staples_for_a_must_staple_certificate_until_it_is_revoked()
    {
        if (!ExternalTool.AllPresent(Nginx, GnuTls))
            return;
        using var folder = new TemporaryFolder();
        var web = await server.EnrolAsync("staples", mustStaple: true);
        await using var nginx = await BackgroundProgram.StartAsync(folder.Path, port =>
        {
            File.WriteAllText(folder["nginx.conf"], ProgramConfigurations.Nginx(folder.Path, port, web, server.Host.CaFile));
            return [Nginx, "-p", folder.Path, "-c", folder["nginx.conf"], "-e", folder["error.log"]];
        });

        // The first handshake has nginx fetch the answer, in the background.
        await BackgroundProgram.UntilAsync(() => AskForStaple(nginx.Port).Contains("Cert Status: good", StringComparison.Ordinal));
        Assert.Contains("OCSP Response Status: successful", AskForStaple(nginx.Port), StringComparison.Ordinal);
        Assert.Contains("The certificate is trusted.", ConnectGnuTls(nginx.Port), StringComparison.Ordinal);

        await server.Party.EndAsync(web.SerialNumber, "revoke", "keyCompromise");
        nginx.Signal("HUP");

        // nginx staples what says "good" and nothing else, and a client that knows must-staple misses it.
        await BackgroundProgram.UntilAsync(() =>
        {
            AskForStaple(nginx.Port);
            return File.ReadAllText(folder["error.log"])
                .Contains("certificate status \"revoked\" in the OCSP response", StringComparison.Ordinal);
        });
        Assert.Contains("no response sent", AskForStaple(nginx.Port), StringComparison.Ordinal);
        Assert.Contains("the OCSP status is missing", ConnectGnuTls(nginx.Port), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HAProxy_refuses_a_revoked_client_by_our_CRL()
    {
        if (!ExternalTool.AllPresent(TlsBridge.HaProxy, "/usr/bin/curl"))
            return;
        var (gateway, good, bad) = (await server.EnrolAsync("gateway"), await server.EnrolAsync("stays"), await server.EnrolAsync("goes"));
        await server.Party.CrlAsync(_ => true);
        Assert.Equal(("stays", "goes"), await AskAsync());

        await server.Party.EndAsync(bad.SerialNumber, "revoke", "keyCompromise");
        await server.Party.CrlAsync(crl => RevocationTests.Lists(crl, bad.Certificate));
        var (stays, goes) = await AskAsync();
        Assert.Equal("stays", stays);
        Assert.Contains("alert certificate revoked", goes, StringComparison.Ordinal);

        async Task<(string Good, string Bad)> AskAsync()
        {
            using var folder = new TemporaryFolder();
            await using var proxy = await BackgroundProgram.StartAsync(folder.Path, port =>
            {
                File.WriteAllText(
                    folder["gateway.cfg"],
                    ProgramConfigurations.HaProxy(port, gateway, server.Host.CaFile, server.Party.CrlFile));
                return [TlsBridge.HaProxy, "-db", "-f", folder["gateway.cfg"]];
            });
            return (Curl(proxy.Port, good), Curl(proxy.Port, bad));
        }
    }

    [Fact]
    public async Task FreeRADIUS_refuses_a_revoked_client_by_OCSP_at_once_and_by_our_CRL()
    {
        if (!ExternalTool.AllPresent(Radius, EapolTest))
            return;
        var (radius, good, bad) = (await server.EnrolAsync("radius"), await server.EnrolAsync("joins"), await server.EnrolAsync("left"));
        await server.Party.CrlAsync(_ => true);
        await using (var before = await StartRadiusAsync(radius))
        {
            foreach (var check in new[] { "ocsp", "crl" })
                Assert.Equal((true, true), (Joins(before, good, check), Joins(before, bad, check)));

            // Without a restart: each authentication asks anew.
            await server.Party.EndAsync(bad.SerialNumber, "revoke", "cessationOfOperation");
            Assert.Equal((true, false), (Joins(before, good, "ocsp"), Joins(before, bad, "ocsp")));
            Assert.Contains("Cert status: revoked", before.Output, StringComparison.Ordinal);
        }

        await server.Party.CrlAsync(crl => RevocationTests.Lists(crl, bad.Certificate));
        await using var after = await StartRadiusAsync(radius);
        Assert.Equal((true, false), (Joins(after, good, "crl"), Joins(after, bad, "crl")));
        Assert.Contains("certificate revoked", after.Output, StringComparison.Ordinal);
    }

    private string AskForStaple(int port) =>
        OpenSsl.TryRun("s_client", "-connect", $"127.0.0.1:{port}", "-CAfile", server.Host.CaFile, "-status").Output;

    private string ConnectGnuTls(int port) =>
        ExternalTool.Run(GnuTls, "--x509cafile", server.Host.CaFile, "-p", $"{port}", "localhost").All;

    // What the gateway says, or why curl got nothing.
    private string Curl(int port, ProgramPair client)
    {
        var run = ExternalTool.Run(
            "curl", "-sS", "--cacert", server.Host.CaFile, "--cert", client.CertificateFile, "--key", client.KeyFile,
            $"https://localhost:{port}/");
        return run.Output + run.Error;
    }

    private Task<BackgroundProgram> StartRadiusAsync(ProgramPair radius)
    {
        var folder = Directory.CreateDirectory(Path.Combine(server.Host.Folder, Guid.NewGuid().ToString("N"))).FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return BackgroundProgram.StartAsync(
            folder,
            port =>
            {
                var trust = Path.Combine(folder, "ca-and-crl.pem");
                File.WriteAllText(trust, File.ReadAllText(server.Host.CaFile) + "\n" + File.ReadAllText(server.Party.CrlFile));
                File.WriteAllText(
                    Path.Combine(folder, "radiusd.conf"),
                    ProgramConfigurations.Radius(folder, port, RadiusSecret, radius, server.Host.CaFile, trust));
                return [Radius, "-f", "-xx", "-l", "stdout", "-d", folder];
            },
            ready: "Ready to process requests");
    }

    // An access point and a supplicant in one: EAP-TLS to its end.
    private bool Joins(BackgroundProgram radius, ProgramPair client, string check)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["network"], ProgramConfigurations.Supplicant(check, client, server.Host.CaFile));
        var run = ExternalTool.RunIn(
            folder.Path, EapolTest, "-c", "network", "-a", "127.0.0.1", "-p", $"{radius.Port}", "-s", RadiusSecret, "-t", "60", "-r", "0");
        Assert.Contains(
            run.ExitCode == 0 ? "CTRL-EVENT-EAP-SUCCESS" : "CTRL-EVENT-EAP-FAILURE", run.Output, StringComparison.Ordinal);
        return run.ExitCode == 0;
    }
}
