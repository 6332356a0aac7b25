using System.Diagnostics;
using System.Globalization;
using Certctl.Tests.Fixtures;

namespace Certctl.Tests.Infrastructure.StatusClient;

/// <summary>A CA that <c>openssl ca</c> runs in a folder of its own: it issues, revokes, makes CRLs and answers OCSP.</summary>
internal sealed class OpenSslCa : IDisposable
{
    /// <summary>The first octet has a leading zero nibble.</summary>
    public const string FirstSerial = "0A1B2C3D4E5F60718293A4B5C6D7E8F901020304";

    private readonly TemporaryFolder _folder = new();
    private readonly string[] _signing;

    /// <param name="key">As <c>openssl genpkey</c> takes it: <c>EC:P-256</c>, <c>RSA:2048</c>, <c>ED25519</c>.</param>
    /// <param name="signing">Further options for whatever is signed.</param>
    public OpenSslCa(string key = "EC:P-256", string name = "Test CA", params string[] signing)
    {
        _signing = signing;
        MakeKey(key, Path("ca.key"));
        File.WriteAllText(Path("ca.cnf"), Configuration(_folder.Path));
        File.WriteAllText(Path("index.txt"), "");
        File.WriteAllText(Path("index.txt.attr"), "unique_subject = no\n");
        File.WriteAllText(Path("serial"), FirstSerial + "\n");
        File.WriteAllText(Path("crlnumber"), "1000\n");
        MakeCaCertificate("ca.crt", name, "keyCertSign,cRLSign,digitalSignature");
    }

    public string CaFile => Path("ca.crt");

    public string Path(string file) => _folder[file];

    public void Dispose() => _folder.Dispose();

    /// <summary>Another certificate for the CA's key.</summary>
    public string MakeCaCertificate(string file, string name, string keyUsage)
    {
        OpenSsl.Run(
            "req", "-x509", "-new", "-config", Path("ca.cnf"), "-key", Path("ca.key"), "-subj", $"/CN={name}", "-days", "30",
            "-out", Path(file), "-addext", "basicConstraints=critical,CA:true", "-addext", $"keyUsage=critical,{keyUsage}",
            "-addext", "subjectKeyIdentifier=hash");
        return Path(file);
    }

    /// <summary>Issues a certificate; its file, beside which lies the key.</summary>
    /// <param name="extensions">Lines of a section of openssl's configuration.</param>
    public string Issue(string name, params string[] extensions) => IssueUntil(name, DateTimeOffset.UtcNow.AddDays(20), extensions);

    public string IssueUntil(string name, DateTimeOffset notAfter, params string[] extensions)
    {
        MakeKey("EC:P-256", Path($"{name}.key"));
        OpenSsl.Run(
            "req", "-new", "-config", Path("ca.cnf"), "-key", Path($"{name}.key"), "-subj", $"/CN={name}", "-out", Path($"{name}.csr"));
        File.WriteAllLines(
            Path($"{name}.ext"), ["[own]", "authorityKeyIdentifier=keyid:always", "subjectKeyIdentifier=hash", .. extensions]);
        OpenSsl.Run(
            [
                "ca", "-batch", "-notext", "-config", Path("ca.cnf"), "-in", Path($"{name}.csr"), "-out", Path($"{name}.crt"),
                "-startdate", notAfter.AddDays(-25).ToString("yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture),
                "-enddate", notAfter.ToString("yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture),
                "-extfile", Path($"{name}.ext"), "-extensions", "own", .. _signing,
            ]);
        return Path($"{name}.crt");
    }

    /// <summary>A responder of this CA, with the extensions of one unless others are given.</summary>
    public string IssueResponder(string name = "responder", params string[] extensions) => Issue(
        name,
        extensions.Length > 0 ? extensions : ["keyUsage=critical,digitalSignature", "extendedKeyUsage=OCSPSigning", "noCheck=ignored"]);

    public void Revoke(string certificate, params string[] options) =>
        OpenSsl.Run(["ca", "-batch", "-config", Path("ca.cnf"), "-revoke", certificate, .. options]);

    /// <summary>Makes a CRL; its file, PEM.</summary>
    public string MakeCrl(params string[] options)
    {
        var file = Path($"{Guid.NewGuid():N}.crl");
        OpenSsl.Run(["ca", "-batch", "-config", Path("ca.cnf"), "-gencrl", "-out", file, .. _signing, .. options]);
        return file;
    }

    public byte[] MakeCrlDer(params string[] options)
    {
        var file = MakeCrl(options);
        OpenSsl.Run("crl", "-in", file, "-outform", "DER", "-out", file + ".der");
        return File.ReadAllBytes(file + ".der");
    }

    /// <summary>An OCSP answer, made without a server.</summary>
    /// <param name="signer">File of the certificate; the key is beside it.</param>
    public byte[] Answer(byte[] request, string signer, params string[] options)
    {
        var (asked, answered) = (Path($"{Guid.NewGuid():N}.req"), Path($"{Guid.NewGuid():N}.res"));
        File.WriteAllBytes(asked, request);
        OpenSsl.Run(["ocsp", .. Responding(signer), "-reqin", asked, "-respout", answered, "-noverify", .. options]);
        return File.ReadAllBytes(answered);
    }

    /// <summary>Starts <c>openssl ocsp -port</c> on loopback and waits until it says where it listens.</summary>
    public async Task<OpenSslResponder> StartResponderAsync(string signer, params string[] options)
    {
        var process = ExternalTool.Start(_folder.Path, "openssl", ["ocsp", "-port", "0", .. Responding(signer), .. options]);
        var responder = new OpenSslResponder(process);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await responder.ListeningAsync(patience.Token);
        return responder;
    }

    private string[] Responding(string signer) =>
        ["-index", Path("index.txt"), "-CA", CaFile, "-rsigner", signer, "-rkey", System.IO.Path.ChangeExtension(signer, ".key")];

    private static void MakeKey(string key, string file)
    {
        var parts = key.Split(':');
        string[] options = parts switch
        {
            ["EC", var curve] => ["-pkeyopt", $"ec_paramgen_curve:{curve}"],
            ["RSA", var bits] => ["-pkeyopt", $"rsa_keygen_bits:{bits}"],
            _ => [],
        };
        OpenSsl.Run(["genpkey", "-algorithm", parts[0], .. options, "-out", file]);
    }

    private static string Configuration(string folder) => $"""
        [ca]
        default_ca = one
        [one]
        database = {folder}/index.txt
        serial = {folder}/serial
        crlnumber = {folder}/crlnumber
        new_certs_dir = {folder}
        certificate = {folder}/ca.crt
        private_key = {folder}/ca.key
        default_md = sha256
        default_crl_days = 7
        policy = any
        unique_subject = no
        crl_extensions = list
        [any]
        commonName = supplied
        [req]
        distinguished_name = dn
        [dn]
        [list]
        authorityKeyIdentifier = keyid:always
        [part]
        authorityKeyIdentifier = keyid:always
        issuingDistributionPoint = critical, @point
        freshestCRL = URI:http://crl.example/delta.crl
        [point]
        fullname = URI:http://crl.example/part.crl
        onlyuser = TRUE
        [strange]
        authorityKeyIdentifier = keyid:always
        1.2.3.4 = critical, ASN1:NULL
        [delta]
        authorityKeyIdentifier = keyid:always
        deltaCRL = critical, DER:02020FFF
        """;
}

/// <summary>A running <c>openssl ocsp -port</c>; ended with the test.</summary>
internal sealed class OpenSslResponder(Process process) : IDisposable
{
    public Uri Url { get; private set; } = new("http://127.0.0.1:1/");

    public async Task ListeningAsync(CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            // ACCEPT [::]:43211 PID=12345
            if (!line.StartsWith("ACCEPT ", StringComparison.Ordinal))
                continue;
            var port = line.Split(' ')[1].Split(':')[^1];
            Url = new Uri($"http://127.0.0.1:{port}/");
            return;
        }

        throw new InvalidOperationException($"openssl ocsp ended: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
