using Certctl.Tests.Architecture;

namespace Certctl.Tests.Fixtures;

/// <summary>The published executable, as users get it: compiled ahead of time. Building this project publishes it.</summary>
internal static class PublishedExecutable
{
    /// <summary>For <c>dotnet</c>: the tests run on the runtime that built them, wherever it is installed.</summary>
    public static string Dll { get; } = FindDll();

    // The folder below artifacts/bin/Certctl.Tests is the configuration, and the same one below artifacts/publish.
    private static string FindDll()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var dll = SourceTree.PathOf(Path.Combine("artifacts", "publish", "Certctl.Api", configuration, "certctl.dll"));
        return File.Exists(dll) ? dll : throw new InvalidOperationException($"{dll} is missing; build Certctl.Tests, which publishes it.");
    }
}
