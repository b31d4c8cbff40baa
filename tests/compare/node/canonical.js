// SPDX-License-Identifier: GPL-3.0-or-later
// Exclusive canonical XML of an element of @xmldom/xmldom's tree, without comments. Debian has no xml-crypto, which walks the
// same tree; this is its part of the work.
'use strict';

const TEXT = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;'};
const VALUE = {'&': '&amp;', '<': '&lt;', '"': '&quot;', '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;'};
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const ELEMENT = 1, CHARACTERS = 3, CDATA = 4, INSTRUCTION = 7;

const text = (s) => s.replace(/[&<>\r]/g, (c) => TEXT[c]);
const value = (s) => s.replace(/[&<"\t\n\r]/g, (c) => VALUE[c]);
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function attributesOf(element) {
	const found = [];
	for (let i = 0; i < element.attributes.length; i++) {
		const a = element.attributes.item(i);
		if (a.namespaceURI !== XMLNS)
			found.push(a);
	}
	return found.sort((a, b) => order(a.namespaceURI || '', b.namespaceURI || '') || order(a.localName, b.localName));
}

// Declarations of the prefixes that are visibly used and not yet rendered as such; `rendered` is prefix to namespace.
function declarations(element, attributes, rendered) {
	const used = new Map([[element.prefix || '', element.namespaceURI || '']]);
	for (const a of attributes) {
		if (a.prefix && a.prefix !== 'xml')
			used.set(a.prefix, a.namespaceURI);
	}
	return [...used].filter(([prefix, uri]) => (rendered[prefix] || '') !== uri).sort((a, b) => order(a[0], b[0]));
}

function canonical(element, rendered = {}) {
	const attributes = attributesOf(element), added = declarations(element, attributes, rendered);
	let out = '<' + element.tagName, within = rendered;
	if (added.length)
		within = Object.assign(Object.create(null), rendered);
	for (const [prefix, uri] of added) {
		within[prefix] = uri;
		out += prefix ? ` xmlns:${prefix}="${value(uri)}"` : ` xmlns="${value(uri)}"`;
	}
	for (const a of attributes)
		out += ` ${a.name}="${value(a.value)}"`;
	out += '>';
	for (let child = element.firstChild; child; child = child.nextSibling) {
		if (child.nodeType === ELEMENT)
			out += canonical(child, within);
		else if (child.nodeType === CHARACTERS || child.nodeType === CDATA)
			out += text(child.data);
		else if (child.nodeType === INSTRUCTION)
			out += `<?${child.target}${child.data ? ' ' + child.data : ''}?>`;
	}
	return out + `</${element.tagName}>`;
}

module.exports = {canonical};
