using System.Diagnostics;
using System.Security.Cryptography;

namespace Certctl.Tests.Measure;

/// <summary>
/// The reference that enrolments are measured by: one RSA-2048 decryption and two signatures,
/// by the platform's OpenSSL on one thread of this process.
/// </summary>
internal static class PrivateOperations
{
    /// <summary>CPU time of the three together.</summary>
    public static TimeSpan Measure(int rounds)
    {
        using var key = RSA.Create(2048);
        var hash = SHA256.HashData([1]);
        var sealedKey = key.Encrypt(hash, RSAEncryptionPadding.Pkcs1);
        for (var i = 0; i < 100; i++)
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var before = ProcessCpu(Environment.ProcessId);
        for (var i = 0; i < rounds; i++)
        {
            key.Decrypt(sealedKey, RSAEncryptionPadding.Pkcs1);
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        return (ProcessCpu(Environment.ProcessId) - before) / rounds;
    }

    /// <summary>CPU time of one signature.</summary>
    public static TimeSpan MeasureSignature(int rounds)
    {
        using var key = RSA.Create(2048);
        var hash = SHA256.HashData([1]);
        for (var i = 0; i < 100; i++)
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var before = ProcessCpu(Environment.ProcessId);
        for (var i = 0; i < rounds; i++)
            key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return (ProcessCpu(Environment.ProcessId) - before) / rounds;
    }

    public static TimeSpan ProcessCpu(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime;
    }
}
