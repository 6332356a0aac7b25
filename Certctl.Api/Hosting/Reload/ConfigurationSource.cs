using Certctl.Api.Configuration;

namespace Certctl.Api.Hosting.Reload;

/// <summary>
/// Reads the settings once more, as the verb that started the server reads them: the same variables, and every file that they name.
/// </summary>
internal sealed record ConfigurationSource(Func<ConfigurationReading> Read);
