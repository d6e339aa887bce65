using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FitCluster.Engine;

/// <summary>
/// The certificates of a node, for Akka and the links alike: its own with its key, and the authorities whose certificates others must have.
/// </summary>
public sealed class NodeCertificates
{
    private readonly X509Certificate2Collection _authorities;

    private NodeCertificates(X509Certificate2 own, X509Certificate2Collection authorities) => (Own, _authorities) = (own, authorities);

    /// <summary>The node's own certificate, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>Reads a folder with <c>ca.crt</c>, <c>tls.crt</c> and <c>tls.key</c> (PEM), as Kubernetes mounts a tls secret.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="ClusterEngineException">A file is missing, or is not what it has to be; or the certificate has run out.</exception>
    public static NodeCertificates Read(string folder)
    {
        var (authority, certificate, key) = (PathIn(folder, "ca.crt"), PathIn(folder, "tls.crt"), PathIn(folder, "tls.key"));
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authority);
            using var read = X509Certificate2.CreateFromPemFile(certificate, key);
            // TLS wants a key that lies in a store of its own.
            var own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
            var certificates = new NodeCertificates(own, authorities);
            if (authorities.Count == 0)
            {
                throw new ClusterEngineException(
                    $"'{authority}' has no certificate: give the authority's that has signed the nodes' certificates");
            }

            return certificates.WhyRefused(own) is { } why
                ? throw new ClusterEngineException($"the certificate '{certificate}' cannot be used: {why}")
                : certificates;
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ClusterEngineException(
                $"the certificates in '{folder}' cannot be read ({error.Message.ReplaceLineEndings(" ")}): " +
                "ca.crt, tls.crt and tls.key have to be PEM files, the key without a password", error);
        }
    }

    /// <summary>How a link is made safe by who connects.</summary>
    internal SslClientAuthenticationOptions Client => new()
    {
        TargetHost = "fitcluster",
        ClientCertificates = [Own],
        RemoteCertificateValidationCallback = (_, other, _, _) => IsTrusted(other),
    };

    /// <summary>How a link is made safe by who is connected to.</summary>
    internal SslServerAuthenticationOptions Server => new()
    {
        ServerCertificate = Own,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, other, _, _) => IsTrusted(other),
    };

    /// <summary>Whether another's certificate was signed by the authorities, and is valid now; names do not matter: nodes move.</summary>
    internal bool IsTrusted(X509Certificate? other)
    {
        if (other is null)
        {
            return false;
        }

        using var certificate = X509CertificateLoader.LoadCertificate(other.GetRawCertData());
        return WhyRefused(certificate) is null;
    }

    private string? WhyRefused(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // A stranger's certificate must not make this process fetch something from where it says.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate) ? null
            : string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
    }

    private static string PathIn(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? path
            : throw new ClusterEngineException($"'{path}' does not exist: --tls names a folder with ca.crt, tls.crt and tls.key");
    }
}
