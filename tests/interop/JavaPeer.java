// SPDX-License-Identifier: GPL-3.0-or-later
// The XML signatures of the Java platform, the family that most members of the bus sign with. Reads one command a line,
// fields by tabs, and answers each with one line: ok, true, false, or error and why.
//   sign    certificate key form c14n prefixes algorithm digest in out
//   inner   certificate key algorithm digest in out      the usual business signature: enveloped, URI ""
//   verify  certificate in                               the transport signature
//   proof   certificate in                               the signature of a whole document
import java.io.*;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.*;
import javax.xml.crypto.dsig.dom.*;
import javax.xml.crypto.dsig.keyinfo.*;
import javax.xml.crypto.dsig.spec.*;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.*;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.*;

public class JavaPeer {
    static final String WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";
    static final String WSSE = WSS + "wssecurity-secext-1.0.xsd", WSU = WSS + "wssecurity-utility-1.0.xsd";
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String X509V3 = WSS + "x509-token-profile-1.0#X509v3";
    static final String BASE64 = WSS + "soap-message-security-1.0#Base64Binary";
    static final XMLSignatureFactory DSIG = XMLSignatureFactory.getInstance("DOM");

    static Document read(String path) throws Exception {
        DocumentBuilderFactory f = DocumentBuilderFactory.newInstance();
        f.setNamespaceAware(true);
        return f.newDocumentBuilder().parse(new File(path));
    }

    static void write(Document d, String path) throws Exception {
        try (OutputStream out = new FileOutputStream(path)) {
            TransformerFactory.newInstance().newTransformer().transform(new DOMSource(d), new StreamResult(out));
        }
    }

    static X509Certificate certificate(String path) throws Exception {
        try (InputStream in = new FileInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(String path, X509Certificate of) throws Exception {
        String pem = Files.readString(Path.of(path)).replaceAll("-----[^-]*-----|\\s", "");
        return KeyFactory.getInstance(of.getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }

    static Element only(Document d, String ns, String name) {
        NodeList found = d.getElementsByTagNameNS(ns, name);
        if (found.getLength() != 1)
            throw new IllegalArgumentException(found.getLength() + " elements " + name);
        return (Element) found.item(0);
    }

    static Element body(Document d) {
        Element body = only(d, SOAP, "Body");
        body.setIdAttributeNS(WSU, "Id", true);
        return body;
    }

    static Element add(Element parent, String ns, String name, String... attributes) {
        Element e = (Element) parent.appendChild(parent.getOwnerDocument().createElementNS(ns, name));
        for (int i = 0; i < attributes.length; i += 2)
            e.setAttribute(attributes[i], attributes[i + 1]);
        return e;
    }

    static C14NMethodParameterSpec prefixes(String words) {
        return words.equals("-") ? null : new ExcC14NParameterSpec(words.isEmpty() ? List.of() : List.of(words.split(" ")));
    }

    /** What stands in KeyInfo; a token goes before the signature. */
    static Element tokenReference(Element security, X509Certificate c, String form) throws Exception {
        String der = Base64.getMimeEncoder().encodeToString(c.getEncoded());
        Element reference = security.getOwnerDocument().createElementNS(WSSE, "wsse:SecurityTokenReference");
        switch (form) {
            case "key-identifier":
                add(reference, WSSE, "wsse:KeyIdentifier", "EncodingType", BASE64, "ValueType", X509V3).setTextContent(der);
                break;
            case "issuer-serial":
                Element is = add(add(reference, XMLSignature.XMLNS, "ds:X509Data"), XMLSignature.XMLNS, "ds:X509IssuerSerial");
                add(is, XMLSignature.XMLNS, "ds:X509IssuerName").setTextContent(c.getIssuerX500Principal().getName());
                add(is, XMLSignature.XMLNS, "ds:X509SerialNumber").setTextContent(c.getSerialNumber().toString());
                break;
            case "x509-data":
                add(add(reference, XMLSignature.XMLNS, "ds:X509Data"), XMLSignature.XMLNS, "ds:X509Certificate").setTextContent(der);
                break;
            case "bst":
                Element token = add(security, WSSE, "wsse:BinarySecurityToken", "EncodingType", BASE64, "ValueType", X509V3);
                token.setAttributeNS(WSU, "wsu:Id", "token-1");
                token.setTextContent(der);
                add(reference, WSSE, "wsse:Reference", "URI", "#token-1", "ValueType", X509V3);
                break;
            default:
                throw new IllegalArgumentException(form);
        }
        return reference;
    }

    static void sign(String[] a) throws Exception {
        X509Certificate c = certificate(a[1]);
        Document d = read(a[8]);
        Element header = only(d, SOAP, "Header"), security = add(header, WSSE, "wsse:Security");
        security.setAttributeNS(SOAP, header.getPrefix() + ":mustUnderstand", "1");
        Element named = tokenReference(security, c, a[3]);
        Transform exclusive = DSIG.newTransform(CanonicalizationMethod.EXCLUSIVE, (TransformParameterSpec) prefixes(a[5]));
        Reference r = DSIG.newReference("#" + body(d).getAttributeNS(WSU, "Id"), DSIG.newDigestMethod(a[7], null),
            List.of(exclusive), null, null);
        SignedInfo info = DSIG.newSignedInfo(DSIG.newCanonicalizationMethod(a[4],
            a[4].equals(CanonicalizationMethod.EXCLUSIVE) ? prefixes(a[5]) : null), DSIG.newSignatureMethod(a[6], null), List.of(r));
        DOMSignContext context = new DOMSignContext(key(a[2], c), security);
        context.setDefaultNamespacePrefix("ds");
        DSIG.newXMLSignature(info, KeyInfoFactory.getInstance("DOM").newKeyInfo(List.of(new DOMStructure(named)))).sign(context);
        write(d, a[9]);
    }

    static void inner(String[] a) throws Exception {
        X509Certificate c = certificate(a[1]);
        Document d = read(a[5]);
        Reference r = DSIG.newReference("", DSIG.newDigestMethod(a[4], null), List.of(
            DSIG.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
            DSIG.newTransform(CanonicalizationMethod.INCLUSIVE_WITH_COMMENTS, (TransformParameterSpec) null)), null, null);
        SignedInfo info = DSIG.newSignedInfo(DSIG.newCanonicalizationMethod(CanonicalizationMethod.INCLUSIVE,
            (C14NMethodParameterSpec) null), DSIG.newSignatureMethod(a[3], null), List.of(r));
        KeyInfoFactory keys = KeyInfoFactory.getInstance("DOM");
        DOMSignContext context = new DOMSignContext(key(a[2], c), d.getDocumentElement());
        context.setDefaultNamespacePrefix("ds");
        DSIG.newXMLSignature(info, keys.newKeyInfo(List.of(keys.newX509Data(List.of(c))))).sign(context);
        write(d, a[6]);
    }

    static boolean holds(String[] a, boolean transport) throws Exception {
        Document d = read(a[2]);
        String id = transport ? "#" + body(d).getAttributeNS(WSU, "Id") : "";
        DOMValidateContext context = new DOMValidateContext(certificate(a[1]).getPublicKey(), only(d, XMLSignature.XMLNS, "Signature"));
        XMLSignature s = DSIG.unmarshalXMLSignature(context);
        List<?> references = s.getSignedInfo().getReferences();
        return s.validate(context) && references.size() == 1 && ((Reference) references.get(0)).getURI().equals(id);
    }

    static String answer(String[] a) throws Exception {
        switch (a[0]) {
            case "sign": sign(a); return "ok";
            case "inner": inner(a); return "ok";
            case "verify": return String.valueOf(holds(a, true));
            case "proof": return String.valueOf(holds(a, false));
            default: return "error: unknown command";
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; System.out.flush()) {
            try {
                System.out.println(answer(line.split("\t", -1)));
            } catch (Exception e) {
                System.out.println("error: " + e.toString().replace('\n', ' '));
            }
        }
    }
}
