using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// The five functions of OpenSSL 3's libcrypto that make a public key from its numbers. Bound only when it is the very library that the
/// runtime works with: a key of one copy is a wild pointer in another.
/// </summary>
internal sealed unsafe class LibCrypto
{
    private const string SharedObject = "libcrypto.so.3";

    // OSSL_KEYMGMT_SELECT_ALL_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY (openssl/core_dispatch.h), EVP_PKEY_PUBLIC_KEY of evp.h.
    private const int EvpPKeyPublicKey = 0x86;
    private const uint OsslParamUnsignedInteger = 2;

    // Entry points of EVP_PKEY_CTX_new_from_name, …_free, EVP_PKEY_fromdata_init, EVP_PKEY_fromdata, ERR_clear_error.
    private readonly delegate* unmanaged<nint, byte*, byte*, nint> _newContext;
    private readonly delegate* unmanaged<nint, void> _freeContext;
    private readonly delegate* unmanaged<nint, int> _beginFromData;
    private readonly delegate* unmanaged<nint, nint*, int, OsslParam*, int> _fromData;
    private readonly delegate* unmanaged<void> _clearErrors;

    private LibCrypto(nint newContext, nint freeContext, nint beginFromData, nint fromData, nint clearErrors)
    {
        _newContext = (delegate* unmanaged<nint, byte*, byte*, nint>)newContext;
        _freeContext = (delegate* unmanaged<nint, void>)freeContext;
        _beginFromData = (delegate* unmanaged<nint, int>)beginFromData;
        _fromData = (delegate* unmanaged<nint, nint*, int, OsslParam*, int>)fromData;
        _clearErrors = (delegate* unmanaged<void>)clearErrors;
    }

    /// <summary>Null when there is no OpenSSL 3, or when the runtime loaded another libcrypto than the one found by name.</summary>
    [SupportedOSPlatform("linux")]
    public static LibCrypto? TryBind()
    {
        // Asking for the version makes the runtime load its OpenSSL before we look for it.
        var runtimeVersion = SafeEvpPKeyHandle.OpenSslVersion;
        if (runtimeVersion >> 28 != 3
            || !NativeLibrary.TryLoad(SharedObject, out var library)
            || !NativeLibrary.TryGetExport(library, "OpenSSL_version_num", out var versionNumber)
            || (long)((delegate* unmanaged<nuint>)versionNumber)() != runtimeVersion
            || CountLoaded() != 1)
            return null;

        return NativeLibrary.TryGetExport(library, "EVP_PKEY_CTX_new_from_name", out var newContext)
            && NativeLibrary.TryGetExport(library, "EVP_PKEY_CTX_free", out var freeContext)
            && NativeLibrary.TryGetExport(library, "EVP_PKEY_fromdata_init", out var beginFromData)
            && NativeLibrary.TryGetExport(library, "EVP_PKEY_fromdata", out var fromData)
            && NativeLibrary.TryGetExport(library, "ERR_clear_error", out var clearErrors)
                ? new LibCrypto(newContext, freeContext, beginFromData, fromData, clearErrors)
                : null;
    }

    /// <summary>An RSA public key from big-endian numbers; null when OpenSSL refuses them. Dispose it.</summary>
    [SupportedOSPlatform("linux")]
    public SafeEvpPKeyHandle? ImportRsa(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        // OSSL_PARAM integers are in native byte order, ours in that of ASN.1.
        Span<byte> n = stackalloc byte[modulus.Length];
        Span<byte> e = stackalloc byte[exponent.Length];
        modulus.CopyTo(n);
        exponent.CopyTo(e);
        if (BitConverter.IsLittleEndian)
        {
            n.Reverse();
            e.Reverse();
        }

        fixed (byte* pn = n, pe = e, nName = "n\0"u8, eName = "e\0"u8, algorithm = "RSA\0"u8)
        {
            var parameters = stackalloc OsslParam[3];
            parameters[0] = new OsslParam { Key = nName, Type = OsslParamUnsignedInteger, Data = pn, Size = (nuint)n.Length };
            parameters[1] = new OsslParam { Key = eName, Type = OsslParamUnsignedInteger, Data = pe, Size = (nuint)e.Length };
            parameters[2] = default;
            return FromData(algorithm, parameters);
        }
    }

    [SupportedOSPlatform("linux")]
    private SafeEvpPKeyHandle? FromData(byte* algorithm, OsslParam* parameters)
    {
        var context = _newContext(0, algorithm, null);
        nint key = 0;
        var made = context != 0 && _beginFromData(context) == 1 && _fromData(context, &key, EvpPKeyPublicKey, parameters) == 1;
        _freeContext(context);
        // The error queue is the thread's: left full, it would explain the runtime's next failure with ours.
        if (!made)
            _clearErrors();
        return made && key != 0 ? new SafeEvpPKeyHandle(key, ownsHandle: true) : null;
    }

    // Two copies of one version would be as bad as two versions.
    private static int CountLoaded() => File.ReadLines("/proc/self/maps")
        .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var at and >= 0 ? line[at..] : string.Empty)
        .Where(path => Path.GetFileName(path).StartsWith("libcrypto.so", StringComparison.Ordinal))
        .Distinct(StringComparer.Ordinal)
        .Count();

    /// <summary>OSSL_PARAM of openssl/core.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OsslParam
    {
        public byte* Key;
        public uint Type;
        public void* Data;
        public nuint Size;
        public nuint ReturnSize;
    }
}
