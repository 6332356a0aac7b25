using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Compliance;

namespace Certctl.Tests.Interop;

/// <summary>The program in samples/ComplianceReceiver, started as its README says.</summary>
internal sealed class ComplianceReceiver : IAsyncDisposable
{
    public const string Token = "a-token-for-the-sample-receiver";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();
    private Process? _process;
    private int _port;

    private ComplianceReceiver()
    {
    }

    public Uri Url => new($"https://localhost:{_port}/compliance");

    public string TokenFile => _folder["token"];

    public string CaFile => _folder["ca.crt"];

    public static async Task<ComplianceReceiver> StartAsync(string denied)
    {
        var receiver = new ComplianceReceiver();
        using (var certificate = ComplianceStub.Certificate("localhost"))
        {
            await File.WriteAllTextAsync(receiver._folder["tls.crt"], certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(receiver._folder["tls.key"], certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }

        await File.WriteAllTextAsync(receiver.CaFile, ComplianceStub.Ca.Pem);
        await File.WriteAllTextAsync(receiver.TokenFile, Token + "\n");
        File.SetUnixFileMode(receiver.TokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        receiver.Deny(denied);
        try
        {
            await receiver.StartProcessAsync();
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }

        return receiver;
    }

    /// <summary>From now on the file says this.</summary>
    public void Deny(string json) => File.WriteAllText(_folder["denied.json"], json);

    public async Task StopAsync()
    {
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private async Task StartProcessAsync()
    {
        string[] arguments =
        [
            "--cert", _folder["tls.crt"], "--key", _folder["tls.key"], "--token-file", TokenFile, "--denied", _folder["denied.json"],
            "--port", "0",
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", [SampleProgram.Path("ComplianceReceiver"), .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.Path,
        })!;
        using var patience = new CancellationTokenSource(Patience);
        const string Listening = "Now listening on: ";
        string? line;
        do
        {
            line = await _process.StandardOutput.ReadLineAsync(patience.Token)
                ?? throw new InvalidOperationException("The receiver ended before it listened.");
        }
        while (!line.Contains(Listening, StringComparison.Ordinal));
        _port = new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim()).Port;

        // A full pipe would stop it.
        _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
    }
}
