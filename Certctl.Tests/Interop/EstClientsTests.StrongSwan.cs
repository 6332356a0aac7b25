using System.Diagnostics;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

// strongSwan 5.9.8's EST client. It reads base64 in one line alone, speaks TLS 1.3 where libtls.version_max says so, and appends the path
// of an endpoint without label to its URL; behind "?" that is no part of the path.
public abstract partial class EstClientsTests
{
    private const string Pki = "/usr/bin/pki";
    private const string Tls13 = "libtls { version_max = 1.3 }\n";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    [Trait("Conformance", "E-B4")]
    [Trait("Conformance", "E-H8")]
    public async Task StrongSwan_enrols_and_renews_over_TLS_1_3_and_enrols_over_TLS_1_2_behind_a_proxy()
    {
        if (interop.IsLeftOut || !ExternalTool.AllPresent(Pki, TlsBridge.HaProxy))
            return;
        WriteConfigurations();
        Fetch("swan13.conf", interop.Authority, "swan-ca.crt");
        Assert.Equal(EstInterop.SerialOf(interop.Server.CaFile), EstInterop.SerialOf(interop.At("swan-ca.crt")));
        interop.Request("swan", "/CN=swan", Rsa);
        interop.Request("swan-2", "/CN=swan", Ec);

        var wrong = Enrol("swan13.conf", interop.Authority, "line/simpleenroll", "swan", ["--userpass", "x:wrong password"]);
        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Contains("HTTP 401", wrong.All, StringComparison.Ordinal);
        var first = Enrolled("swan", Enrol(
            "swan13.conf", interop.Authority, "line/simpleenroll", "swan", ["--userpass", $"x:{EstInterop.Password}"]));
        var second = Enrolled("swan-2", Enrol(
            "swan13.conf", interop.Authority, "line/simplereenroll", "swan-2",
            ["--cert", first, "--key", interop.At("swan.key")]));
        Assert.NotEqual(EstInterop.SerialOf(first), EstInterop.SerialOf(second));

        // As it is installed it speaks TLS 1.2: a proxy is in between, and client certificates end there.
        interop.Request("swan-3", "/CN=bridged", Ec);
        var direct = Enrol(
            "swan12.conf", interop.Authority, "line/simpleenroll", "swan-3", ["--userpass", $"x:{EstInterop.Password}"]);
        Assert.Contains("protocol version", direct.All, StringComparison.Ordinal);
        File.WriteAllText(
            interop.At("front.pem"), File.ReadAllText(interop.At("data/tls.crt")) + File.ReadAllText(interop.At("data/tls.key")));
        using var bridge = await TlsBridge.StartAsync(
            interop.Server.Folder, interop.Server.Url, interop.Server.CaFile, withTls: true);
        Fetch("swan12.conf", bridge.Url, "bridged-ca.crt");
        Enrolled("swan-3", Enrol(
            "swan12.conf", bridge.Url, "line/simpleenroll", "swan-3", ["--userpass", $"x:{EstInterop.Password}"]));
    }

    [Fact]
    [Trait("Conformance", "E-E5")]
    public async Task StrongSwan_waits_as_Retry_After_says_and_gets_its_certificate_once_it_is_approved()
    {
        if (interop.IsLeftOut || !ExternalTool.AllPresent(Pki))
            return;
        WriteConfigurations();
        interop.Request("late", "/CN=waits by strongSwan", Rsa);
        string[] basic = ["--userpass", $"x:{EstInterop.Password}"];

        // It would sleep for the five minutes now, so it is ended, and asks again later.
        using (var waiting = Start(Arguments("swan13.conf", interop.Authority, "later/simpleenroll", "late", basic)))
        {
            using var patience = new CancellationTokenSource(Patience);
            var said = "";
            while (!said.Contains("pending", StringComparison.Ordinal))
                said = await waiting.StandardError.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException("pki has ended");
            Assert.Contains("every 300 seconds", said, StringComparison.Ordinal);
            waiting.Kill();
            await waiting.WaitForExitAsync(patience.Token);
        }

        await interop.ApproveAsync("CN=waits by strongSwan");
        Enrolled("late", Enrol("swan13.conf", interop.Authority, "later/simpleenroll", "late", basic));
    }

    private void WriteConfigurations()
    {
        File.WriteAllText(interop.At("swan13.conf"), Tls13);
        File.WriteAllText(interop.At("swan12.conf"), "");
    }

    private void Fetch(string configuration, string server, string file)
    {
        ExternalTool.RunIn(
            interop.Server.Folder, "env",
            [
                $"STRONGSWAN_CONF={configuration}", Pki, "--estca", "--url", $"{server}/.well-known/est/line/cacerts?", "--cacert",
                interop.Server.CaFile, "--caout", file, "--outform", "pem",
            ]).MustSucceed();
    }

    private string[] Arguments(string configuration, string server, string path, string request, string[] more) =>
    [
        $"STRONGSWAN_CONF={configuration}", Pki, "--est", "--url", $"{server}/.well-known/est/{path}?", "--in",
        interop.At(request + ".der"), "--cacert", interop.Server.CaFile, "--outform", "pem", .. more,
    ];

    private Process Start(string[] arguments) => ExternalTool.Start(interop.Server.Folder, "env", arguments);

    private ToolRun Enrol(string configuration, string server, string path, string request, string[] more) =>
        ExternalTool.RunIn(interop.Server.Folder, "env", Arguments(configuration, server, path, request, more));

    /// <summary>What pki printed is a certificate that openssl accepts.</summary>
    private string Enrolled(string name, ToolRun run)
    {
        run.MustSucceed();
        var file = interop.At(name + "-pki.crt");
        File.WriteAllText(file, run.Output);
        interop.Verify(file, "data/ca.crt", interop.At(name + ".key"));
        return file;
    }
}
