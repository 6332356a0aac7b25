using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>
/// Public captures, read where they lie: <c>CERTCTL_TEST_VECTORS</c>, else <c>../shared/vectors</c> beside the project's root or above it.
/// </summary>
internal static class TestVectors
{
    /// <summary>Null, after saying so, when the file is not there.</summary>
    public static string? Find(string relative, ITestOutputHelper output)
    {
        var folder = Environment.GetEnvironmentVariable("CERTCTL_TEST_VECTORS") ?? FromRoot();
        var path = folder is null ? null : Path.Combine(folder, relative);
        if (File.Exists(path))
            return path;
        output.WriteLine($"Skipped: no {relative} under {folder ?? "../shared/vectors"}.");
        return null;
    }

    private static string? FromRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Certctl.sln")))
            root = root.Parent;
        return root is null ? null : Path.GetFullPath(Path.Combine(root.FullName, "..", "shared", "vectors"));
    }
}
